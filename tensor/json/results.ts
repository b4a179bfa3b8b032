import { InferenceError } from "../../core/index.ts";
import type { Classes } from "../proto/index.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { writeFloat } from "./float-text.ts";
import { beforeElement } from "./layout.ts";
import { writeText } from "./write-text.ts";
import { type JsonWriting, writeString } from "./write-values.ts";

const EMPTY = new Uint8Array(0);

/** `{"results": [[[label, score], ...], ...]}`. Throws INVALID_ARGUMENT for no results, as TensorFlow Serving does. */
export function encodeClassifications(results: readonly Classes[], { strict = false }: JsonWriting = {}): Uint8Array {
  if (results.length === 0) {
    throw new InferenceError("INVALID_ARGUMENT", "Cannot convert empty ClassificationResults to JSON");
  }
  const out = new ByteBuffer();
  out.ascii('{\n    "results": [');
  for (const [row, { labels, scores }] of results.entries()) {
    beforeElement(out, row, 2, true);
    out.byte(0x5b);
    for (let i = 0; i < scores.length; i++) {
      beforeElement(out, i, 3, true);
      out.byte(0x5b);
      writeString(out, labels[i] ?? EMPTY, 4, strict);
      out.ascii(", ");
      writeFloat(out, scores[i] as number, 32, strict);
      out.byte(0x5d);
    }
    out.byte(0x5d);
  }
  out.ascii("\n    ]\n}");
  return out.finish();
}

/** `{"results": [value, ...]}`. Throws INVALID_ARGUMENT for no values. */
export function encodeRegressions(values: Float32Array, { strict = false }: JsonWriting = {}): Uint8Array {
  if (values.length === 0) {
    throw new InferenceError("INVALID_ARGUMENT", "Cannot convert empty RegressionResults to JSON");
  }
  const out = new ByteBuffer();
  out.ascii('{\n    "results": [');
  for (let i = 0; i < values.length; i++) {
    beforeElement(out, i, 2, true);
    writeFloat(out, values[i] as number, 32, strict);
  }
  out.ascii("]\n}");
  return out.finish();
}

/** `{"error": "..."}` over three lines, the body of every error answer. */
export function errorBody(message: string): Uint8Array {
  const out = new ByteBuffer();
  out.ascii('{\n    "error": ');
  writeText(out, new TextEncoder().encode(message));
  out.ascii("\n}");
  return out.finish();
}
