import protobuf from "protobufjs";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Refuses strings that end behind the message or are not UTF-8, as every proto3 parser has to. The reader that protobufjs
 * takes for a Buffer cuts the first short and replaces characters in the second.
 */
export class StrictReader extends protobuf.Reader {
  override string(): string {
    return utf8.decode(this.bytes());
  }
}
