import { describe, expect, test } from "vitest";
import {
  codec,
  type GetModelStatusResponse,
  type ModelServerConfig,
  type ModelSpec,
  messageType,
  type VersionReport,
  type WantedModel,
} from "../../protos/index.ts";

const modelSpec = codec<ModelSpec>("tensorflow.serving.ModelSpec");
const config = codec<ModelServerConfig>("tensorflow.serving.ModelServerConfig");
const report = codec<VersionReport>("tensorgate.v1.VersionReport");

describe("int64", () => {
  test.each([
    { name: "zero", value: "0" },
    { name: "minus one", value: "-1" },
    { name: "the first integer that a double cannot hold", value: "9007199254740993" },
    { name: "the largest", value: "9223372036854775807" },
    { name: "the smallest", value: "-9223372036854775808" },
  ])("$name is kept digit for digit", ({ value }) => {
    const bytes = config.encode({
      config: "model_config_list",
      model_config_list: {
        config: [
          {
            name: "m",
            version_labels: { stable: value },
            model_version_policy: { policy_choice: "specific", specific: { versions: [value, "1", value] } },
          },
        ],
      },
    });
    expect(config.decode(bytes)).toMatchObject({
      model_config_list: {
        config: [
          { version_labels: { stable: value }, model_version_policy: { specific: { versions: [value, "1", value] } } },
        ],
      },
    });
  });

  test("in a wrapper tells 0 from unset", () => {
    expect(
      modelSpec.decode(modelSpec.encode({ name: "m", version_choice: "version", version: { value: "0" } })),
    ).toEqual({
      name: "m",
      signature_name: "",
      version_choice: "version",
      version: { value: "0" },
    });
    expect(modelSpec.decode(modelSpec.encode({ name: "m" }))).toEqual({ name: "m", signature_name: "" });
  });
});

describe("encode", () => {
  test("writes no field that only holds its default", () => {
    const nothing: VersionReport = {
      version: "0",
      state: "UNKNOWN",
      status: null,
      signature_def_map: Buffer.alloc(0),
      failed_loads: "0",
      wanted: false,
      directory: "",
      load_micros: "0",
      warmup_micros: "0",
      warmup_records: "0",
      merging: [],
      batching_file: "",
    };
    expect(report.encode(nothing)).toHaveLength(0);
  });

  test("writes messages that are there though empty, at any depth", () => {
    const status = codec<GetModelStatusResponse>("tensorflow.serving.GetModelStatusResponse");
    const bytes = status.encode({
      model_version_status: [{ version: "0", state: "UNKNOWN", status: { error_code: "OK", error_message: "" } }],
    });
    expect(bytes.toString("hex")).toBe("0a021a00");
  });

  test("writes a default where a oneof's member is set to it", () => {
    expect(modelSpec.encode({ version_choice: "version_label", version_label: "" }).toString("hex")).toBe("2200");
  });

  test("keeps minus zero and NaN", () => {
    const scored = codec<{ label: string; score: number }>("tensorflow.serving.Class");
    expect(scored.decode(scored.encode({ score: -0 })).score).toBe(-0);
    expect(scored.decode(scored.encode({ score: Number.NaN })).score).toBeNaN();
  });
});

describe("decode", () => {
  test("gives every field of an empty message, but no member of a oneof", () => {
    expect(report.decode(new Uint8Array())).toEqual({
      version: "0",
      state: "UNKNOWN",
      status: null,
      signature_def_map: Buffer.alloc(0),
      failed_loads: "0",
      wanted: false,
      directory: "",
      load_micros: "0",
      warmup_micros: "0",
      warmup_records: "0",
      merging: [],
      batching_file: "",
    });
    expect(config.decode(new Uint8Array())).toEqual({});
  });

  test("gives bytes as a Buffer on the bytes of the input, whatever class that has", () => {
    const bytes = Uint8Array.from(report.encode({ signature_def_map: Buffer.from("abc") }));
    const { signature_def_map: view } = report.decode(bytes);
    expect(view).toBeInstanceOf(Buffer);
    expect(view.toString()).toBe("abc");
    expect(view.buffer).toBe(bytes.buffer);
  });

  test("names enum values, and keeps the number of one that it doesn't know", () => {
    expect(report.decode(report.encode({ state: "AVAILABLE" })).state).toBe("AVAILABLE");
    expect(report.decode(Buffer.from("1063", "hex")).state).toBe(99);
  });

  test("skips fields that it doesn't know", () => {
    const unknown = Buffer.from("ba3e03616263", "hex"); // field 999: "abc"
    expect(modelSpec.decode(Buffer.concat([unknown, modelSpec.encode({ name: "m" })]))).toMatchObject({ name: "m" });
  });

  test.each([
    { name: "a string that is cut off", hex: "0a05616263" },
    { name: "a message that is cut off", hex: "1205080a" },
    { name: "a string that is not UTF-8", hex: "0a02c3c3" },
    { name: "a number that is cut off", hex: "12" },
    { name: "a wire type that doesn't exist", hex: "0f" },
  ])("throws on $name", ({ hex }) => {
    expect(() => modelSpec.decode(Buffer.from(hex, "hex"))).toThrow();
  });
});

test("a map keeps keys that mean something to JavaScript", () => {
  const wanted = codec<WantedModel>("tensorgate.v1.WantedModel");
  const labels = [
    ["__proto__", "1"],
    ["constructor", "2"],
    ["", "3"],
    ["试", "4"],
  ];
  const decoded = wanted.decode(wanted.encode({ version_labels: Object.fromEntries(labels) }));
  expect(Object.entries(decoded.version_labels)).toEqual(labels);
});

describe("messageType", () => {
  const fields = messageType("tensorflow.serving.ModelConfig").fields;

  test.each([
    { name: "name", want: { id: 1, type: "string", repeated: false, map: false } },
    { name: "version_labels", want: { id: 8, type: "int64", keyType: "string", map: true } },
    { name: "model_type", want: { id: 3, resolvedType: { values: { TENSORFLOW: 1 } } } },
    { name: "model_version_policy", want: { id: 7, resolvedType: { name: "ServableVersionPolicy" } } },
  ])("tells what the text format needs about $name", ({ name, want }) => {
    expect(fields[name]).toMatchObject(want);
  });

  test("refuses a name that no message has", () => {
    expect(() => messageType("tensorflow.serving.Nothing")).toThrow("Nothing");
  });
});
