import type protobuf from "protobufjs";
import { messageType } from "../../protos/index.ts";
import { type ConfigError, type Path, renderPath } from "../config-error.ts";
import { didYouMean } from "../nearest.ts";
import { Lexer, type Token } from "./lexer.ts";
import { isInteger, readBool, readFloat, readInteger, readUtf8 } from "./scalar.ts";

/** A message as protobufjs' `fromObject` takes it: names as in the `.proto`, 64-bit integers as text, enums as numbers. */
export type TextMessage = Record<string, unknown>;

export interface ParsedText {
  readonly value: TextMessage;
  /** Where a field, or the nearest thing around it, was written. */
  placeOf(path: Path): { readonly line: number; readonly column: number };
}

/** Deeper nesting than any real file has would otherwise end the stack. */
const MAX_DEPTH = 256;

/**
 * Reads a message in protobuf's text format, as the C++ parser does: `field: {`, `field {` or `field <`, commas or
 * semicolons or nothing between fields, `#` comments, either quotes, adjacent strings joined, `[1, 2]` lists,
 * `[type.googleapis.com/x.Y] { … }` for an Any. Throws ConfigError at the first fault, an unknown field included;
 * `file` only names the text there.
 */
export function parseTextFormat(text: string, typeName: string, file: string): TextMessage {
  return new Reader(new Lexer(text, file), undefined).message(messageType(typeName), undefined, []);
}

/** As {@link parseTextFormat}, for small files whose content is checked further. */
export function parseTextWithPlaces(text: string, typeName: string, file: string): ParsedText {
  const lexer = new Lexer(text, file);
  const places = new Map<string, number>();
  const value = new Reader(lexer, places).message(messageType(typeName), undefined, []);
  return {
    value,
    placeOf(path) {
      let steps = path;
      while (steps.length > 0 && !places.has(renderPath(steps))) steps = steps.slice(0, -1);
      return lexer.place(places.get(renderPath(steps)) ?? 0);
    },
  };
}

type Scalar = string | number | boolean | Uint8Array;
/** A field of a map type, which protobufjs' own types do not count as a field. */
type MapOf = protobuf.Field & { readonly keyType: string };

class Reader {
  readonly #lexer: Lexer;
  readonly #places: Map<string, number> | undefined;

  constructor(lexer: Lexer, places: Map<string, number> | undefined) {
    this.#lexer = lexer;
    this.#places = places;
  }

  /** Fields up to `close`, which is taken too; undefined: up to the end of the file. */
  message(type: protobuf.Type, close: string | undefined, path: Path): TextMessage {
    const message: TextMessage = {};
    if (path.length > MAX_DEPTH) throw this.#fault(this.#lexer.peek(), "is nested too deeply", path);
    for (;;) {
      const token = this.#lexer.peek();
      if (close !== undefined && this.#lexer.takeMark(close)) return message;
      if (token.is === "end") {
        if (close === undefined) return message;
        throw this.#fault(token, `expected "${close}"`, path);
      }
      if (type.fullName === ".google.protobuf.Any" && this.#lexer.takeMark("[")) this.#any(message, path);
      else this.#field(message, type, path);
      if (!this.#lexer.takeMark(",")) this.#lexer.takeMark(";");
    }
  }

  #field(message: TextMessage, type: protobuf.Type, parent: Path): void {
    const name = this.#lexer.take();
    const field = name.is === "word" ? own(type.fields, name.text) : undefined;
    if (field === undefined) throw this.#unknownField(name, type, parent);
    const path = [...parent, field.name];
    this.#refuseSecond(message, field, name, path);

    const hasColon = this.#lexer.takeMark(":");
    const isMessage = field.map || (field.resolvedType !== null && !("values" in field.resolvedType));
    if (!hasColon && !isMessage) throw this.#fault(this.#lexer.peek(), 'expected ":"', path);

    if ((field.repeated || field.map) && this.#lexer.takeMark("[")) {
      if (this.#lexer.takeMark("]")) return;
      do this.#add(message, field, path);
      while (this.#lexer.takeMark(","));
      if (!this.#lexer.takeMark("]")) throw this.#fault(this.#lexer.peek(), 'expected "," or "]"', path);
    } else this.#add(message, field, path, name.offset);
  }

  /** Puts one value where the field keeps it. */
  #add(message: TextMessage, field: protobuf.Field, path: Path, offset: number = this.#lexer.peek().offset): void {
    if (field.map) {
      this.#places?.set(renderPath(path), offset);
      const { key, value } = this.#entry(field as MapOf, path);
      const entries = (message[field.name] ??= {});
      Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
      return;
    }
    if (!field.repeated) {
      this.#places?.set(renderPath(path), offset);
      message[field.name] = this.#value(field, path);
      return;
    }
    const items = (message[field.name] ??= []) as unknown[];
    const itemPath = [...path, items.length];
    this.#places?.set(renderPath(itemPath), offset);
    items.push(this.#value(field, itemPath));
  }

  /** A map's entry, written as a message with the fields key and value. */
  #entry(field: MapOf, path: Path): { readonly key: string; readonly value: unknown } {
    const close = this.#open(path);
    let key: Scalar | undefined;
    let value: unknown;
    while (!this.#lexer.takeMark(close)) {
      const name = this.#lexer.take();
      if (name.text !== "key" && name.text !== "value")
        throw this.#fault(name, `expected key, value or "${close}"`, path);
      if ((name.text === "key" ? key : value) !== undefined) throw this.#fault(name, "stands here twice", path, false);
      this.#lexer.takeMark(":");
      if (name.text === "key") key = this.#scalar(field.keyType, path);
      else value = this.#value(field, path);
      if (!this.#lexer.takeMark(",")) this.#lexer.takeMark(";");
    }
    return { key: String(key ?? keyDefault(field)), value: value ?? valueDefault(field) };
  }

  /** `[type.googleapis.com/x.Y] { … }`, after its opening bracket. */
  #any(message: TextMessage, path: Path): void {
    let url = "";
    let token = this.#lexer.take();
    for (; token.text !== "]"; token = this.#lexer.take()) {
      if (token.is === "end" || token.is === "string") throw this.#fault(token, 'expected "]"', path);
      url += token.text;
    }
    const name = url.slice(url.lastIndexOf("/") + 1);
    const type = this.#lookUp(name);
    if (type === undefined) throw this.#fault(token, `unknown message type "${name}"`, path, false);
    this.#lexer.takeMark(":");
    const value = this.message(type, this.#open(path), [...path, url]);
    message["type_url"] = url;
    message["value"] = type.encode(type.fromObject(value)).finish();
  }

  #lookUp(name: string): protobuf.Type | undefined {
    try {
      return messageType(name);
    } catch {
      return undefined;
    }
  }

  #value(field: protobuf.Field, path: Path): unknown {
    const declared = field.resolvedType;
    if (declared === null) return this.#scalar(field.type, path);
    if (!("values" in declared)) return this.message(declared, this.#open(path), path);

    const negative = this.#lexer.takeMark("-");
    const token = this.#lexer.take();
    const number = token.is === "word" ? own(declared.values, token.text) : readInteger("int32", token.text, negative);
    if (number !== undefined) return number;
    const near = didYouMean(token.text, Object.keys(declared.values));
    throw this.#fault(token, `expected a value of ${declared.name}, got "${token.text}"${near}`, path, false);
  }

  #scalar(type: string, path: Path): Scalar {
    if (type === "string" || type === "bytes") return this.#string(type, path);
    const negative = this.#lexer.takeMark("-");
    const token = this.#lexer.take();
    let value: Scalar | undefined;
    if (token.is === "word" || token.is === "number") {
      if (isInteger(type)) value = readInteger(type, token.text, negative);
      else if (type === "bool") value = negative ? undefined : readBool(token.text);
      else value = readFloat(token.text, negative);
    }
    if (value === undefined) throw this.#fault(token, `expected ${type}`, path);
    return value;
  }

  #string(type: "string" | "bytes", path: Path): string | Uint8Array {
    const first = this.#lexer.peek();
    const parts: Uint8Array[] = [];
    for (let token = first; token.is === "string"; token = this.#lexer.peek()) {
      parts.push(token.bytes);
      this.#lexer.take();
    }
    if (parts.length === 0) throw this.#fault(first, "expected a string in quotes", path);
    const bytes = Buffer.concat(parts);
    if (type === "bytes") return bytes;
    const text = readUtf8(bytes);
    if (text === undefined) throw this.#fault(first, "expected a string of UTF-8", path, false);
    return text;
  }

  /** Takes an opening bracket and answers the closing one. */
  #open(path: Path): "}" | ">" {
    if (this.#lexer.takeMark("{")) return "}";
    if (this.#lexer.takeMark("<")) return ">";
    throw this.#fault(this.#lexer.peek(), 'expected "{"', path);
  }

  #refuseSecond(message: TextMessage, field: protobuf.Field, name: Token, path: Path): void {
    if (field.repeated || field.map) return;
    if (Object.hasOwn(message, field.name)) throw this.#lexer.fault(name.offset, "stands here twice", renderPath(path));
    const rival = field.partOf?.oneof.find((other) => Object.hasOwn(message, other));
    if (rival === undefined) return;
    throw this.#lexer.fault(name.offset, `stands beside ${rival}, and only one of them may`, renderPath(path));
  }

  #unknownField(name: Token, type: protobuf.Type, path: Path): ConfigError {
    if (name.is !== "word") return this.#fault(name, `expected a field of ${type.name}`, path);
    const near = didYouMean(name.text, Object.keys(type.fields));
    const message = `${type.fullName.slice(1)} has no field "${name.text}"${near}`;
    return this.#lexer.fault(name.offset, message, renderPath(path));
  }

  #fault(token: Token, message: string, path: Path, tellWhatCame = true): ConfigError {
    const came = token.is === "end" ? token.text : `"${token.text.replace(/^(["'])(.*)\1$/s, "$2")}"`;
    return this.#lexer.fault(token.offset, tellWhatCame ? `${message}, got ${came}` : message, renderPath(path));
  }
}

/** Names come from the text: `constructor` is no field just because every object has one. */
function own<T>(members: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function keyDefault({ keyType }: MapOf): string {
  if (keyType === "string") return "";
  return keyType === "bool" ? "false" : "0";
}

function valueDefault(field: MapOf): unknown {
  if (field.resolvedType !== null) return "values" in field.resolvedType ? 0 : {};
  if (field.type === "string") return "";
  if (field.type === "bytes") return new Uint8Array();
  return field.type === "bool" ? false : 0;
}
