import { InferenceError } from "../../core/index.ts";

/** Bytes around the data of a record: length (uint64), CRC of the length, then after the data the CRC of the data. */
const HEAD_BYTES = 12;
const FOOT_BYTES = 4;

/**
 * The records of a TFRecord file, as views. Throws DATA_LOSS at the first one that is cut off or whose checksum
 * disagrees, which is also how a file that is no TFRecord at all shows.
 */
export function* tfRecords(file: Buffer): Generator<Buffer> {
  let at = 0;
  while (at < file.length) {
    const dataAt = at + HEAD_BYTES;
    if (dataAt > file.length) throw dataLoss("truncated", at);
    if (file.readUInt32LE(at + 8) !== maskedCrc32c(file.subarray(at, at + 8))) throw dataLoss("corrupted", at);
    const length = file.readBigUInt64LE(at);
    if (length > file.length - dataAt - FOOT_BYTES) throw dataLoss("truncated", at);
    const end = dataAt + Number(length);
    const data = file.subarray(dataAt, end);
    if (file.readUInt32LE(end) !== maskedCrc32c(data)) throw dataLoss("corrupted", at);
    yield data;
    at = end + FOOT_BYTES;
  }
}

/** The checksum as the format stores it: rotated and shifted, so that a CRC of data that holds CRCs stays sound. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Castagnoli's polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function dataLoss(what: string, offset: number): InferenceError {
  const message = `${what} record at ${offset}. Please verify your warmup data is in TFRecord format.`;
  return new InferenceError("DATA_LOSS", message, { origin: "worker" });
}
