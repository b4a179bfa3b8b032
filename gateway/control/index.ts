export { createAdminApi } from "./admin-api.ts";
export { type AdminApi, type AdminReply, NotAllowed } from "./admin-routes.ts";
export type { ConfigFacts, Control } from "./control.ts";
export { type Apply, type Driven, Keeper } from "./keeper.ts";
export { type Question, type Reply, remoteControl, replyTo } from "./questions.ts";
