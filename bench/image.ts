/** Height, width and channels of the image that benchmarks send. */
export const IMAGE_SHAPE = [224, 224, 3] as const;

/** Its values as decimals with six digits behind the point, row by row: 150,528 of them. */
export function imageValues(): string[] {
  const count = IMAGE_SHAPE.reduce((product, size) => product * size, 1);
  let state = 12345;
  return Array.from({ length: count }, () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return (state / 2 ** 31).toFixed(6);
  });
}

export function imageAsFloats(): Float32Array {
  return Float32Array.from(imageValues(), Number);
}

/** Nested lists, 1.4 MB. */
export function imageAsJson(): string {
  return nestedJson(imageValues(), IMAGE_SHAPE);
}

/** The JSON of a tensor whose values, in row-major order, are these texts. */
export function nestedJson(values: readonly string[], shape: readonly number[]): string {
  let parts = values;
  for (const size of shape.toReversed()) {
    const lists: string[] = [];
    for (let from = 0; from < parts.length; from += size) lists.push(`[${parts.slice(from, from + size).join(",")}]`);
    parts = lists;
  }
  return parts[0] ?? "";
}

/** What the model `image_mean` answers for it. */
export function imageMean(): number {
  const values = imageAsFloats();
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
