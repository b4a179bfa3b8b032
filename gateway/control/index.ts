export { type AdminApi, type AdminReply, createAdminApi, NotAllowed } from "./admin-api.ts";
export type { ConfigFacts, Control, ControlStatus, ModelEntry, ReloadResult } from "./control.ts";
export { type Apply, type Driven, Keeper, type KeeperOptions } from "./keeper.ts";
export { type Question, type Reply, remoteControl, replyTo } from "./questions.ts";
