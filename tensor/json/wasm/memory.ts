/*
 * What lies where: the host writes and reads these regions through its own views, so nothing is passed by copy twice.
 * All sizes are fixed; the module never grows.
 */

/** Text that a call sees at once. Small enough to stay in the nearest caches with what is made of it. */
export const WINDOW_BYTES: i32 = 32768;
/** Behind the text: loads of eight bytes may begin at its last byte. */
const SLACK: i32 = 64;

/** Before it and behind it are some bytes that loads may reach. */
export const TEXT: usize = memory.data(SLACK + WINDOW_BYTES + SLACK, 16) + SLACK;
/** A number takes two bytes of text at least ("1,"), and eight here. */
export const VALUES: usize = memory.data(WINDOW_BYTES * 4 + SLACK, 16);

/** More dimensions than tensors have; deeper lists are left to the host. */
export const MAX_RANK: i32 = 16;

/** Answers of a call: see the RESULT_ offsets. */
export const RESULT: usize = memory.data(16 + MAX_RANK * 4, 16);
/** Where in the text the call has stopped. */
export const RESULT_AT: usize = 0;
/** How many numbers it has left in VALUES. */
export const RESULT_COUNT: usize = 4;
/** Dimensions of the list, and the size of each from RESULT_SIZES on. */
export const RESULT_RANK: usize = 8;
/** Whether all numbers so far are spelled as integers. */
export const RESULT_WHOLE: usize = 12;
export const RESULT_SIZES: usize = 16;

/** What stands between two numbers, by how many lists end there: where each such text ends, then the texts. */
export const SEPARATOR_ENDS: usize = memory.data(MAX_RANK * 4, 16);
export const SEPARATOR_BYTES: i32 = 4096;
export const SEPARATORS: usize = memory.data(SEPARATOR_BYTES + SLACK, 16);

/** 5^n for n from MIN_POWER to MAX_POWER, cut to its first 128 bits: the high half, then the low one. The host fills it. */
export const MIN_POWER: i32 = -342;
export const MAX_POWER: i32 = 308;
export const POWERS: usize = memory.data((308 + 342 + 1) * 16, 16);
