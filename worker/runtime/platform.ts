import { NoRuntimeError } from "./runtime.ts";
import { WHEELS, type Wheel } from "./wheels.ts";

/** What decides which wheel fits. */
export interface Platform {
  /** `process.platform`. */
  readonly os: string;
  /** `process.arch`. */
  readonly arch: string;
  /** Version of the GNU C library, `2.36`; undefined on musl and on other systems. */
  readonly glibc: string | undefined;
}

/** What `manylinux_2_27` in the wheels' names asks for. */
const MIN_GLIBC: readonly [number, number] = [2, 27];
const USE_OWN = "Name a TensorFlow library of your own in TENSORGATE_TENSORFLOW (a folder or a wheel file).";

export function thisPlatform(): Platform {
  Object.assign(process.report, { excludeNetwork: true }); // else the report looks up the names of all open connections
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { os: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime };
}

/** The wheel for a platform. Throws NoRuntimeError where TensorFlow publishes none that works. */
export function wheelFor(platform: Platform, gpu: boolean): Wheel {
  const { os, arch } = platform;
  const plain = WHEELS[`${os}-${arch}`];
  if (plain === undefined) {
    const supported = Object.keys(WHEELS).filter((key) => !key.endsWith("-gpu"));
    throw new NoRuntimeError(
      `TensorFlow publishes no library for ${os}-${arch} (there is ${supported.join(", ")}). ${USE_OWN}`,
    );
  }
  if (os === "linux") checkGlibc(platform.glibc);
  if (!gpu) return plain;
  const withCuda = WHEELS[`${os}-${arch}-gpu`];
  if (withCuda === undefined)
    throw new NoRuntimeError(`TensorFlow publishes no library with GPU support for ${os}-${arch}. ${USE_OWN}`);
  return withCuda;
}

function checkGlibc(glibc: string | undefined): void {
  const wanted = MIN_GLIBC.join(".");
  if (glibc === undefined) {
    throw new NoRuntimeError(
      `TensorFlow's library needs the GNU C library ${wanted}, and this system has another one (musl, as in Alpine). ${USE_OWN}`,
    );
  }
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  if (major < MIN_GLIBC[0] || (major === MIN_GLIBC[0] && minor < MIN_GLIBC[1])) {
    throw new NoRuntimeError(
      `TensorFlow's library needs the GNU C library ${wanted}, and this system has ${glibc}. ${USE_OWN}`,
    );
  }
}
