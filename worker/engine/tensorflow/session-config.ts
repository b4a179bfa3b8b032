/** How TensorFlow runs in this process; what is left out is TensorFlow's own default. */
export interface SessionSettings {
  /** Threads that one op may use; 0 or absent: as many as cores. Set by the first session of a process for all. */
  readonly intraOpThreads?: number;
  /** Ops that run at the same time; as above. */
  readonly interOpThreads?: number;
  /** Take GPU memory as needed in place of all of it at once. */
  readonly gpuMemoryGrowth?: boolean;
  /** Share of each GPU's memory that this process may take, 0 to 1. */
  readonly gpuMemoryFraction?: number;
  /** GPUs as TensorFlow sees them, `0,1`; "" hides all. */
  readonly visibleDevices?: string;
  /** A serialized `tensorflow.ConfigProto` with whatever else is wanted; what is said above wins over it. */
  readonly configProto?: Uint8Array;
}

/**
 * The settings as a serialized `tensorflow.ConfigProto` (`tensorflow/core/protobuf/config.proto`): of a field that is there
 * twice, the last one counts. Soft placement is on unless `configProto` says otherwise: a graph that was exported with
 * `/gpu:0` written into it then runs on a machine without one.
 */
export function configProto(settings: SessionSettings): Uint8Array {
  const bytes: number[] = [];
  putVarint(bytes, 7, 1);
  bytes.push(...(settings.configProto ?? []));
  if (settings.visibleDevices === "") putMessage(bytes, 1, deviceCount("GPU", 0));
  if (settings.intraOpThreads) putVarint(bytes, 2, settings.intraOpThreads);
  if (settings.interOpThreads) putVarint(bytes, 5, settings.interOpThreads);
  const gpu: number[] = [];
  if (settings.gpuMemoryFraction) putDouble(gpu, 1, settings.gpuMemoryFraction);
  if (settings.gpuMemoryGrowth) putVarint(gpu, 4, 1);
  if (settings.visibleDevices) putMessage(gpu, 5, [...Buffer.from(settings.visibleDevices)]);
  if (gpu.length > 0) putMessage(bytes, 6, gpu);
  return Uint8Array.from(bytes);
}

/** `tensorflow.RunOptions` that runs the graph in the calling thread: no hand-over to a pool, which costs more than a small run. */
export const IN_CALLING_THREAD: Uint8Array = runOptions({ interOpThreadPool: -1 });

/** `tensorflow.RunOptions`. A timeout counts from the start of the run and cancels it; 0 = none. */
export function runOptions(options: { timeoutMs?: number; interOpThreadPool?: number }): Uint8Array {
  const bytes: number[] = [];
  if (options.timeoutMs) putVarint(bytes, 2, options.timeoutMs);
  if (options.interOpThreadPool) putVarint(bytes, 3, options.interOpThreadPool);
  return Uint8Array.from(bytes);
}

/** An entry of `ConfigProto.device_count`, a map from device type to the most devices to use. */
function deviceCount(type: string, count: number): number[] {
  const entry: number[] = [];
  putMessage(entry, 1, [...Buffer.from(type)]);
  putVarint(entry, 2, count);
  return entry;
}

/** Negative numbers take ten bytes, as int32 does on the wire. */
function putVarint(into: number[], field: number, value: number): void {
  into.push(field << 3);
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
  for (; rest > 0x7fn; rest >>= 7n) into.push(Number(rest & 0x7fn) | 0x80);
  into.push(Number(rest));
}

function putDouble(into: number[], field: number, value: number): void {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  into.push((field << 3) | 1, ...eight);
}

function putMessage(into: number[], field: number, bytes: readonly number[]): void {
  into.push((field << 3) | 2);
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) into.push((rest & 0x7f) | 0x80);
  into.push(rest, ...bytes);
}
