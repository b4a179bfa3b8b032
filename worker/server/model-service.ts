import { InferenceError, modelName, statusRow, version } from "../../core/index.ts";
import type {
  GetModelStatusRequest,
  GetModelStatusResponse,
  ReloadConfigRequest,
  ReloadConfigResponse,
} from "../../protos/index.ts";
import { type Manager, versionStatuses } from "../lifecycle/index.ts";
import type { CallScope } from "./call-scope.ts";
import { type ReloadRules, reload } from "./reload.ts";

/** `ModelService.GetModelStatus`: a version narrows the answer, a label is ignored (`get_model_status_impl.cc`). */
export function modelStatus(manager: Manager, request: GetModelStatusRequest): GetModelStatusResponse {
  const spec = request.model_spec;
  if (spec === null) throw new InferenceError("INVALID_ARGUMENT", "Missing ModelSpec");
  const asked = spec.version_choice === "version" ? version(spec.version.value) : undefined;
  const rows = versionStatuses(manager, modelName(spec.name), asked);
  return {
    model_version_status: rows.map(statusRow),
  };
}

/** `ModelService.HandleReloadConfigRequest`. The metrics that it names are listed without an increase: a worker keeps none of those. */
export async function handleReload(
  manager: Manager,
  request: ReloadConfigRequest,
  rules: ReloadRules,
  scope: CallScope,
): Promise<ReloadConfigResponse> {
  await reload(manager, request, rules, scope.signal);
  return {
    status: { error_code: "OK", error_message: "" },
    metric: request.metric_names.map((name) => ({
      name,
      value_increase: "int64_value_increase",
      int64_value_increase: "0",
    })),
  };
}
