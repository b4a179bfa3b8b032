/* How numbers are kept. The host knows these too. */

export const INT64: i32 = 0;
export const UINT64: i32 = 1;
export const DOUBLE: i32 = 2;
/** Rounded from a double, as TensorFlow Serving does. */
export const FLOAT: i32 = 3;
