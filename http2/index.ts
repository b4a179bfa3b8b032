export { Connection, type ConnectionOptions } from "./connection.ts";
export { fieldOf, joinedFieldOf } from "./fields.ts";
export { CERTIFICATE_KEY, type ConnectionLimits, type FrontOptions, GrpcFront, PEER_KEY } from "./grpc-front.ts";
export type { Fields } from "./header-decoder.ts";
export type { PingConfig } from "./keepalive.ts";
export { ReusedRooms } from "./rooms.ts";
export { UnaryClient, type UnaryOutcome } from "./unary-client.ts";
export type { UnaryAnswer, UnaryHandler, UnaryRequest } from "./unary-server.ts";
