export { createAdminApi } from "./admin-api.ts";
export { type AdminApi, type AdminReply, NotAllowed } from "./admin-routes.ts";
export type { ConfigFacts, Control, ControlStatus, ModelEntry, ReloadResult } from "./control.ts";
export { type Apply, type Driven, Keeper, type KeeperOptions } from "./keeper.ts";
export { type Question, type Reply, remoteControl, replyTo } from "./questions.ts";
