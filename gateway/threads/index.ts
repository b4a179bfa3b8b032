export { type Comparer, createComparer } from "./comparer.ts";
export { type AnswerKind, answerJson } from "./jobs.ts";
export { createJsonThreads, IN_THREAD_BYTES, type JsonThreads } from "./json-threads.ts";
export { resultOf } from "./reply.ts";
