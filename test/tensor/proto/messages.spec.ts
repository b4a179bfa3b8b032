import { describe, expect, test } from "vitest";
import { LATEST, type ModelSpec, modelName, version } from "../../../core/index.ts";
import {
  decodeClassificationResponse,
  decodeExamplesRequest,
  decodeMultiInferenceRequest,
  decodeMultiInferenceResponse,
  decodePredictRequest,
  decodePredictResponse,
  decodeRegressionResponse,
  encodeClassificationResponse,
  encodeExamplesRequest,
  encodeMultiInferenceRequest,
  encodeMultiInferenceResponse,
  encodePredictRequest,
  encodePredictResponse,
  encodeRegressionResponse,
  requestSpec,
} from "../../../tensor/index.ts";
import { MESSAGES, type MessageRecord, unbase64, valuesOf, whole } from "./wire-data.ts";

function of(...kinds: string[]): MessageRecord[] {
  return MESSAGES.filter((message) => kinds.includes(message.kind));
}

function specOf(json: MessageRecord["json"]): ModelSpec | undefined {
  if (json === undefined) return undefined;
  const choice =
    json.version !== undefined
      ? { by: "version" as const, version: version(json.version) }
      : json.version_label !== undefined
        ? { by: "label" as const, label: json.version_label as string }
        : LATEST;
  return { name: modelName(json.name ?? ""), choice, signature: json.signature_name ?? "" };
}

function answerSpecOf(json: MessageRecord["json"]): unknown {
  if (json === undefined) return undefined;
  return {
    name: json.name,
    version: json.version === undefined ? undefined : BigInt(json.version),
    signature: json.signature_name ?? "",
  };
}

function inputOf(...parts: number[][]): unknown {
  const { input } = decodeExamplesRequest(Uint8Array.from(parts.flat()));
  return { examples: input?.examples.map(hex), context: input?.context && hex(input.context) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("PredictRequest", () => {
  for (const { name, json, b64 } of of("PredictRequest")) {
    const bytes = unbase64(b64);
    test(`reads Python's ${name}`, () => {
      const request = whole(decodePredictRequest(bytes));
      expect(request.spec).toEqual(specOf(json.model_spec));
      expect(request.outputFilter).toEqual(json.output_filter ?? []);
      expect([...request.inputs.keys()].sort()).toEqual(Object.keys(json.inputs ?? {}).sort());
      for (const [alias, tensor] of request.inputs) {
        const { float_val, int_val, string_val, tensor_shape } = json.inputs[alias];
        expect(tensor.shape).toEqual((tensor_shape.dim ?? []).map((dim: { size?: string }) => Number(dim.size ?? 0)));
        const values = float_val ?? int_val ?? string_val;
        if (values !== undefined) expect(valuesOf(tensor)).toEqual(values);
      }
      expect(requestSpec("Predict", bytes)).toEqual(request.spec);
    });

    // What is asked of streams is not kept.
    if (json.client_id !== undefined || json.request_options !== undefined) continue;
    const forms = ["typed", "content"] as const;
    test(`writes ${name} as Python does`, () => {
      const request = whole(decodePredictRequest(bytes));
      const written = forms.map((form) => hex(encodePredictRequest(request, form)));
      expect(written).toContain(hex(bytes));
    });
  }
});

describe("PredictResponse", () => {
  for (const { name, json, b64 } of of("PredictResponse")) {
    const bytes = unbase64(b64);
    test(`reads and writes Python's ${name}`, () => {
      const { spec, outputs } = decodePredictResponse(bytes);
      expect(spec).toEqual(answerSpecOf(json.model_spec));
      expect([...outputs.keys()]).toEqual(Object.keys(json.outputs ?? {}));
      if (spec !== undefined) expect(hex(encodePredictResponse(spec, outputs, "content"))).toBe(hex(bytes));
    });
  }
});

describe("ClassificationRequest and RegressionRequest", () => {
  for (const { name, json, b64 } of of("ClassificationRequest", "RegressionRequest")) {
    const bytes = unbase64(b64);
    test(`reads and writes Python's ${name}`, () => {
      const request = decodeExamplesRequest(bytes);
      expect(request.spec).toEqual(specOf(json.model_spec));
      const kind = json.input?.example_list_with_context ?? json.input?.example_list;
      expect(request.input?.examples.length).toBe(kind === undefined ? undefined : (kind.examples ?? []).length);
      expect(request.input?.context !== undefined).toBe(json.input?.example_list_with_context !== undefined);
      expect(hex(encodeExamplesRequest(request))).toBe(hex(bytes));
      expect(requestSpec("Classify", bytes)).toEqual(request.spec);
    });
  }

  test("the examples are the serialized messages themselves", () => {
    const record = of("ClassificationRequest").find(({ name }) => name.endsWith(", examples")) as MessageRecord;
    const example = MESSAGES.find(({ name }) => name === "Example, all kinds") as MessageRecord;
    expect(hex(decodeExamplesRequest(unbase64(record.b64)).input?.examples[0] as Uint8Array)).toBe(
      hex(unbase64(example.b64)),
    );
  });

  test("lists of two occurrences are joined, another kind replaces them", () => {
    // input { example_list { examples: "a" } }, then the same with "b".
    const a = [0x12, 5, 0x0a, 3, 0x0a, 1, 0x61];
    const b = [0x12, 5, 0x0a, 3, 0x0a, 1, 0x62];
    const withContext = [0x12, 5, 0x12, 3, 0x12, 1, 0x63];
    expect(inputOf(a, b)).toEqual({ examples: ["61", "62"], context: undefined });
    expect(inputOf(a, withContext)).toEqual({ examples: [], context: "63" });
    expect(inputOf(withContext, withContext)).toEqual({ examples: [], context: "6363" });
    expect(inputOf(withContext, b)).toEqual({ examples: ["62"], context: undefined });
  });
});

describe("ClassificationResponse and RegressionResponse", () => {
  for (const { name, json, b64 } of of("ClassificationResponse")) {
    test(`reads and writes Python's ${name}`, () => {
      const bytes = unbase64(b64);
      const { spec, results } = decodeClassificationResponse(bytes);
      expect(spec).toEqual(answerSpecOf(json.model_spec));
      const want = (json.result.classifications ?? []).map(
        ({ classes }: { classes?: { label?: string; score?: number }[] }) =>
          (classes ?? []).map(({ label, score }) => [label ?? "", score ?? 0]),
      );
      const got = results.map(({ labels, scores }) =>
        labels.map((label, i) => [Buffer.from(label).toString(), scores[i]]),
      );
      expect(got).toEqual(want);
      if (spec !== undefined) expect(hex(encodeClassificationResponse(spec, results))).toBe(hex(bytes));
    });
  }
  for (const { name, json, b64 } of of("RegressionResponse")) {
    test(`reads and writes Python's ${name}`, () => {
      const bytes = unbase64(b64);
      const { spec, values } = decodeRegressionResponse(bytes);
      expect(spec).toEqual(answerSpecOf(json.model_spec));
      const want = (json.result?.regressions ?? []).map(({ value }: { value?: number | string }) =>
        Math.fround(Number(value ?? 0)),
      );
      expect([...values]).toEqual(want);
      if (spec !== undefined) expect(hex(encodeRegressionResponse(spec, values))).toBe(hex(bytes));
    });
  }
});

describe("MultiInference", () => {
  for (const { name, json, b64 } of of("MultiInferenceRequest")) {
    test(`reads and writes Python's ${name}`, () => {
      const bytes = unbase64(b64);
      const request = decodeMultiInferenceRequest(bytes);
      expect(request.tasks).toEqual(
        (json.tasks ?? []).map((task: MessageRecord["json"]) => ({
          spec: specOf(task.model_spec),
          methodName: task.method_name ?? "",
        })),
      );
      expect(hex(encodeMultiInferenceRequest(request))).toBe(hex(bytes));
      expect(requestSpec("MultiInference", bytes)).toEqual(request.tasks[0]?.spec);
    });
  }
  for (const { name, json, b64 } of of("MultiInferenceResponse")) {
    test(`reads and writes Python's ${name}`, () => {
      const bytes = unbase64(b64);
      const results = decodeMultiInferenceResponse(bytes);
      expect(results.map(({ spec }) => spec)).toEqual(
        (json.results ?? []).map((result: MessageRecord["json"]) => answerSpecOf(result.model_spec)),
      );
      expect(results.map(({ kind }) => `${kind}_result`)).toEqual(
        (json.results ?? []).map((result: object) => Object.keys(result).find((key) => key.endsWith("_result"))),
      );
      expect(hex(encodeMultiInferenceResponse(results))).toBe(hex(bytes));
    });
  }
});
