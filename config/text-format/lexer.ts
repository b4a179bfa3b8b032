import { ConfigError } from "../config-error.ts";
import { readEscape } from "./escape.ts";

/** A word, number or mark as it was written; a string as the bytes it stands for. */
export type Token =
  | { readonly is: "word" | "number" | "mark" | "end"; readonly text: string; readonly offset: number }
  | { readonly is: "string"; readonly text: string; readonly bytes: Uint8Array; readonly offset: number };

const SPACE = /(?:\s|#[^\n]*)+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
/** Hexadecimal, octal and decimal; what is no number after all (`1.2.3`) is found out when it is converted. */
const NUMBER = /(?:\d|\.\d)[0-9A-Za-z_.]*(?:(?<=[eE])[+-]\d+[fF]?)?/y;

/** Cuts the text format of protobuf into tokens, one look ahead. */
export class Lexer {
  readonly #text: string;
  readonly #file: string;
  #next: Token;
  #end = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.#next = this.#scan();
  }

  peek(): Token {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    if (token.is !== "end") this.#next = this.#scan();
    return token;
  }

  /** Takes the next token if it is this mark. */
  takeMark(mark: string): boolean {
    const found = this.#next.is === "mark" && this.#next.text === mark;
    if (found) this.take();
    return found;
  }

  /** From 1, both. */
  place(offset: number): { readonly line: number; readonly column: number } {
    const before = this.#text.slice(0, offset);
    return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
  }

  fault(offset: number, message: string, path = ""): ConfigError {
    return new ConfigError([{ file: this.#file, ...this.place(offset), path, message }]);
  }

  #scan(): Token {
    this.#match(SPACE);
    const offset = this.#end;
    const first = this.#text[offset];
    if (first === undefined) return { is: "end", text: "the end of the file", offset };
    if (first === '"' || first === "'") return this.#string(first, offset);
    const word = this.#match(WORD);
    if (word !== undefined) return { is: "word", text: word, offset };
    const number = this.#match(NUMBER);
    if (number !== undefined) return { is: "number", text: number, offset };
    const mark = String.fromCodePoint(this.#text.codePointAt(offset) ?? 0);
    this.#end += mark.length;
    return { is: "mark", text: mark, offset };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#end;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#end += found.length;
    return found;
  }

  #string(quote: string, offset: number): Token {
    const parts: Uint8Array[] = [];
    let at = offset + 1;
    for (;;) {
      const plainFrom = at;
      while (at < this.#text.length && !`${quote}\\\n`.includes(this.#text[at] ?? "")) at += 1;
      parts.push(Buffer.from(this.#text.slice(plainFrom, at)));
      const stop = this.#text[at];
      if (stop === quote) break;
      if (stop !== "\\") throw this.fault(offset, "the string that starts here has no end on its line");
      const escape = readEscape(this.#text, at);
      if (escape === undefined) throw this.fault(at, "unknown escape in a string");
      parts.push(escape.bytes);
      at += escape.length;
    }
    this.#end = at + 1;
    return { is: "string", text: this.#text.slice(offset, this.#end), bytes: Buffer.concat(parts), offset };
  }
}
