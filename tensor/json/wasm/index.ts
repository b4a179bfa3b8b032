export {
  MAX_POWER,
  MAX_RANK,
  MIN_POWER,
  POWERS,
  RESULT,
  SEPARATOR_BYTES,
  SEPARATOR_ENDS,
  SEPARATORS,
  TEXT,
  VALUES,
  WINDOW_BYTES,
} from "./memory";
export { narrowToIntegers } from "./narrow";
export { plainLength } from "./plain-text";
export { beginList, readList } from "./read-list";
export { beginWriting, writeList } from "./write-list";
