import { z } from "zod";
import { type ModelName, modelName, type Version, type VersionChoice } from "../../core/index.ts";
import { scalar, section } from "./scalar.ts";
import { text, versionNumber } from "./units.ts";

/** Where a route sends a call to. What it does not name stays as the request has it. */
export interface Target {
  readonly model: ModelName | undefined;
  readonly choice: TargetChoice;
  /** Run instead of the one that the request names. */
  readonly signature: string | undefined;
  /** Undefined: the model's own. */
  readonly pool: string | undefined;
}

export type TargetChoice =
  /** The version or label that the request names, or the latest. */
  { readonly by: "asked" } | VersionChoice;

/** Which version a target stands for in a request that asks for `asked`. */
export function choiceFor({ choice }: Pick<Target, "choice">, asked: VersionChoice): VersionChoice {
  return choice.by === "asked" ? asked : choice;
}

interface TargetKeys {
  readonly model: z.ZodOptional<z.ZodType<string>>;
  readonly version: z.ZodOptional<z.ZodType<Version | "latest">>;
  readonly label: z.ZodOptional<z.ZodType<string>>;
  readonly signature: z.ZodOptional<z.ZodType<string>>;
  readonly pool: z.ZodOptional<z.ZodType<string>>;
}

/** The keys of a target, for sections that have others too. */
export const targetKeys: TargetKeys = {
  model: text().optional().describe("A model other than the one that the request names."),
  version: versionOr("latest").optional().describe("A version number, or latest."),
  label: text().optional().describe("A label of the model."),
  signature: text().optional().describe("A signature other than the one that the request names."),
  pool: text().optional().describe("A pool of workers other than the model's own."),
};

type TargetInput = { readonly [Key in keyof TargetKeys]?: z.infer<TargetKeys[Key]> };

/** Checks what no single key can tell. */
export function targetOf(input: TargetInput, context: z.RefinementCtx): Target {
  const { model, version, label, signature, pool } = input;
  if (version !== undefined && label !== undefined) {
    context.addIssue({ code: "custom", message: "expected exactly one of version, label" });
  }
  if ([model, version, label, signature, pool].every((given) => given === undefined)) {
    context.addIssue({ code: "custom", message: "expected at least one of model, version, label, signature, pool" });
  }
  return {
    model: model === undefined ? undefined : modelName(model),
    choice: choiceOf(version, label),
    signature,
    pool,
  };
}

function choiceOf(version: Version | "latest" | undefined, label: string | undefined): TargetChoice {
  if (label !== undefined) return { by: "label", label };
  if (version === undefined) return { by: "asked" };
  return version === "latest" ? { by: "latest" } : { by: "version", version };
}

export const targetSchema: z.ZodType<Target> = section(targetKeys).transform(targetOf);

/** A version number, or a word. */
export function versionOr<const W extends string>(word: W): z.ZodType<Version | W> {
  const shape = { anyOf: [{ type: ["integer", "string"], pattern: "^[+-]?\\d+$" }, { enum: [word] }] };
  const number = versionNumber();
  return scalar(`a version number (a whole number of 64 bits) or ${word}`, shape, (value) => {
    if (value === word) return word;
    const parsed = number.safeParse(value);
    return parsed.success ? parsed.data : undefined;
  });
}

/** What logs, metrics and hashes call a target: its label, version, model, pool or signature, the first that it has. */
export function targetName({ choice, model, pool, signature }: Target): string {
  switch (choice.by) {
    case "label":
      return choice.label;
    case "version":
      return String(choice.version);
    case "latest":
      return model ?? "latest";
    case "asked":
      return model ?? pool ?? signature ?? "";
  }
}
