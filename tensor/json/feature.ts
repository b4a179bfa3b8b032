import { InferenceError } from "../../core/index.ts";
import type { FeatureKind, FeatureValues } from "../proto/index.ts";
import { base64Value, decodeBase64 } from "./base64.ts";
import { eachElement, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipScalar, skipString, skipValue } from "./cursor.ts";
import { isWhole, readInt64, readNumber } from "./number.ts";
import { jsonType } from "./quote.ts";
import type { Source } from "./source.ts";
import { decodeText, stringBytes } from "./text.ts";

/**
 * One feature of a `tf.Example`, from a value or a list of values. The first one sets the kind: a string or base64 object
 * bytes, a number spelled as a double float, a whole number or a truth value int64. Nothing is converted.
 */
export class FeatureReader implements FeatureValues {
  kind: FeatureKind | undefined;
  readonly strings: Uint8Array[] = [];
  floats: Float64Array = new Float64Array(4);
  halves: Uint32Array = new Uint32Array(4);
  count = 0;
  private readonly bytes: Uint8Array;
  private readonly name: Uint8Array;
  private readonly source: Source;

  constructor(source: Source, name: Uint8Array) {
    this.source = source;
    this.bytes = source.bytes;
    this.name = name;
  }

  /** Takes the value at `at`; gives where it ends. Throws INVALID_ARGUMENT. */
  read(at: number): number {
    if (this.bytes[at] !== OPEN_BRACKET) return this.readOne(at);
    return eachElement(this.bytes, at, (valueAt) => this.readOne(valueAt));
  }

  private readOne(at: number): number {
    const { bytes } = this;
    const byte = bytes[at];
    if (byte === QUOTE) {
      this.expect("bytes");
      this.push(stringBytes(bytes, at));
      return skipString(bytes, at);
    }
    if (byte === OPEN_BRACE) return this.readBase64(at);
    const type = jsonType(bytes, at);
    if (type === "True" || type === "False") {
      this.expect("int64");
      this.pushHalves(type === "True" ? 1 : 0, 0);
      return at + type.length;
    }
    if (type !== "Number") throw this.unexpected(at);
    return this.readNumber(at);
  }

  private readBase64(at: number): number {
    const valueAt = base64Value(this.bytes, at);
    if (valueAt < 0) throw this.unexpected(at);
    this.expect("bytes");
    this.push(decodeBase64(stringBytes(this.bytes, valueAt), this.source.urlSafeBase64));
    return skipValue(this.bytes, at);
  }

  private readNumber(at: number): number {
    const { bytes } = this;
    const end = skipScalar(bytes, at);
    if (isWhole(bytes, at, end)) {
      const halves = new Uint32Array(2);
      if (readInt64(bytes, at, true, halves, 0) >= 0) {
        this.expect("int64");
        this.pushHalves(halves[0] as number, halves[1] as number);
        return end;
      }
      if (readInt64(bytes, at, false, halves, 0) >= 0) {
        this.expect("int64");
        throw this.error(`Feature: ${this.label()} has uint64_t element. Only int64_t is supported.`);
      }
    }
    // What does not fit 64 bits is a double however it is spelled.
    this.expect("float");
    if (this.count === this.floats.length) {
      const grown = new Float64Array(this.count * 2);
      grown.set(this.floats);
      this.floats = grown;
    }
    return readNumber(bytes, at, this.floats, this.count++);
  }

  private push(value: Uint8Array): void {
    this.source.budget.take(1);
    this.strings.push(value);
  }

  private pushHalves(low: number, high: number): void {
    if (this.count + 2 > this.halves.length) {
      const grown = new Uint32Array(this.halves.length * 2);
      grown.set(this.halves);
      this.halves = grown;
    }
    this.halves[this.count++] = low;
    this.halves[this.count++] = high;
  }

  private expect(kind: FeatureKind): void {
    this.kind ??= kind;
    if (this.kind === kind) return;
    throw this.error(`Unexpected element type in feature: ${this.label()} expecting type: ${this.kind}`);
  }

  private unexpected(at: number): InferenceError {
    const type = jsonType(this.bytes, at);
    return this.error(`Feature: ${this.label()} has element with unexpected JSON type: ${type}`);
  }

  private error(message: string): InferenceError {
    return new InferenceError("INVALID_ARGUMENT", message);
  }

  private label(): string {
    return decodeText(this.name);
  }
}
