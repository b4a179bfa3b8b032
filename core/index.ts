export { type Bytes, byteLengthOf, joined, joinedBuffer, piecesOf } from "./bytes.ts";
export { CallController, type CallSignal } from "./call-signal.ts";
export { type Deadline, deadlineIn, NO_DEADLINE, onDeadline, timeLeftMs } from "./deadline.ts";
export { fitMessage } from "./fit-message.ts";
export { type ModelName, modelName, parseVersion, type Version, version } from "./ids.ts";
export { InferenceError, type InferenceErrorOptions, type Origin } from "./inference-error.ts";
export {
  createBusyLogger,
  createLogger,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  silentLogger,
  writeLogLine,
} from "./logger.ts";
export {
  choiceKey,
  DEFAULT_SIGNATURE,
  describeChoice,
  LATEST,
  type ModelSpec,
  type VersionChoice,
} from "./model-spec.ts";
export { type LoadFailure, notAvailable } from "./not-available.ts";
export { type ServableState, statusRow, type VersionStatus } from "./servable-state.ts";
export { sharedReads, takeOver } from "./shared-reads.ts";
export { type ErrorCode, STATUS_CODES, type StatusCode, statusCodeName } from "./status-code.ts";
export { yieldToOthers } from "./yield-to-others.ts";
