import { expect } from "vitest";

/** Equal in structure, strings and whole numbers; other numbers to 1e-4 relative or 1e-6 absolute (TensorFlow picks other kernels for other batch sizes). */
export function expectClose(actual: unknown, wanted: unknown, path = "answer"): void {
  if (typeof wanted === "number" && typeof actual === "number") {
    const distance = Math.abs(actual - wanted);
    if (distance > 1e-6 && distance > 1e-4 * Math.abs(wanted)) expect(actual, path).toBe(wanted);
    return;
  }
  if (typeof wanted !== "object" || wanted === null || typeof actual !== "object" || actual === null) {
    expect(actual, path).toEqual(wanted);
    return;
  }
  expect(Object.keys(actual).toSorted(), path).toEqual(Object.keys(wanted).toSorted());
  for (const [key, value] of Object.entries(wanted)) {
    expectClose((actual as Record<string, unknown>)[key], value, `${path}.${key}`);
  }
}
