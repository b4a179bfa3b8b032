export { MAX_POWER, MIN_POWER, POWERS, RESULT, TEXT, VALUES, WINDOW_BYTES } from "./memory";
export { narrow } from "./narrow";
export { beginList, readList } from "./read-list";
