import type { ModelName, Version } from "./ids.ts";

export type VersionChoice =
  | { readonly by: "latest" }
  | { readonly by: "version"; readonly version: Version }
  | { readonly by: "label"; readonly label: string };

export const LATEST: VersionChoice = { by: "latest" };

/** Equal where requests ask for the same. */
export function choiceKey(choice: VersionChoice): string {
  switch (choice.by) {
    case "latest":
      return "";
    case "version":
      return `v${choice.version}`;
    case "label":
      return `l${choice.label}`;
  }
}

/** What a request asks for, as `tensorflow.serving.ModelSpec` has it. */
export interface ModelSpec {
  readonly name: ModelName;
  readonly choice: VersionChoice;
  /** As sent; "" stands for {@link DEFAULT_SIGNATURE}. */
  readonly signature: string;
}

/** The signature that an empty `signature_name` means (`tensorflow::kDefaultServingSignatureDefKey`). */
export const DEFAULT_SIGNATURE = "serving_default";

/** `Latest(m)` or `Specific(m, 7)`: how TensorFlow Serving names a wanted servable in its errors. */
export function describeChoice(name: ModelName, choice: VersionChoice): string {
  switch (choice.by) {
    case "latest":
      return `Latest(${name})`;
    case "version":
      return `Specific(${name}, ${choice.version})`;
    case "label":
      return `Label(${name}, ${choice.label})`;
  }
}
