export { Connection, type ConnectionOptions } from "./connection.ts";
export { fieldOf, joinedFieldOf } from "./fields.ts";
export type { Fields } from "./header-decoder.ts";
export { keepalive, type PingConfig } from "./keepalive.ts";
export { memoryPipe } from "./memory-pipe.ts";
export { relay } from "./relay.ts";
export type { Stream, StreamListener } from "./stream.ts";
export { UnaryClient, type UnaryLimits, type UnaryOutcome } from "./unary-client.ts";
export {
  answerStatus,
  answerUnsupported,
  type CallCounter,
  isGrpc,
  isPlainCall,
  type MessageLimits,
  type UnaryAnswer,
  UnaryCall,
  type UnaryHandler,
  type UnaryRequest,
} from "./unary-server.ts";
