/** A type that is told apart by name, so that two strings cannot be swapped by mistake. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Any non-empty UTF-8 text; letter case counts. */
export type ModelName = Brand<string, "ModelName">;

/** int64 on the wire. */
export type Version = Brand<bigint, "Version">;

export function modelName(text: string): ModelName {
  return text as ModelName;
}

export function version(value: bigint | number | string): Version {
  return BigInt(value) as Version;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * The version that a folder's name stands for: decimal digits, an optional sign, white space around it tolerated
 * (`00000123` is 123); undefined when the name is anything else or does not fit int64. The rule of TensorFlow Serving's
 * file system source.
 */
export function parseVersion(text: string): Version | undefined {
  const digits = text.trim();
  if (!/^[+-]?\d+$/.test(digits)) return undefined;
  const value = BigInt(digits.replace(/^\+/, ""));
  return value < INT64_MIN || value > INT64_MAX ? undefined : (value as Version);
}
