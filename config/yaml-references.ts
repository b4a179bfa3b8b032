import { type Document, isPair, isScalar, isSeq, type Scalar, type ScalarTag, visit } from "yaml";
import { type Path, renderPath } from "./config-error.ts";
import { type ReferenceValues, withReferences } from "./references.ts";
import { Unfit } from "./schema/scalar.ts";

/** Noncharacters of Unicode, which no text holds, one for each of YAML's flow indicators. */
const INDICATORS = "{}[],";
const STAND_INS = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4";

/**
 * A YAML text in which references are mere words wherever they stand: in `{ port: ${PORT} }` the inner braces would
 * begin a mapping. Every character keeps its place. {@link withIndicators} turns texts back.
 */
export function withStandIns(text: string): string {
  return text.replaceAll(/\$\{[^{}\n]*\}/g, (reference) =>
    reference.replaceAll(/[{}[\],]/g, (each) => STAND_INS.charAt(INDICATORS.indexOf(each))),
  );
}

export function withIndicators(text: string): string {
  return text.replaceAll(/[\ufdd0-\ufdd4]/g, (each) => INDICATORS.charAt(STAND_INS.indexOf(each)));
}

/** A reference that leads nowhere. */
export interface ReferenceFault {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
}

/** Turns back what {@link withStandIns} did to a document's scalars, keys included. */
export function restoreIndicators(document: Document.Parsed): void {
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string") node.value = withIndicators(node.value);
    },
  });
}

/**
 * Puts values in the place of references, keys aside. What was written plainly is typed anew, as YAML would have done
 * with the value; what was quoted stays text.
 */
export function resolveReferences(
  document: Document.Parsed,
  folder: string,
  values: ReferenceValues,
): readonly ReferenceFault[] {
  const faults: ReferenceFault[] = [];
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === "key" || typeof node.value !== "string") return;
      const text = withReferences(node.value, folder, values);
      if (text instanceof Unfit) {
        const path = renderPath(pathOf(node, ancestors));
        faults.push({ offset: node.range?.[0] ?? 0, path, message: text.sentence });
      } else if (text !== undefined) {
        node.value = node.type === "PLAIN" && node.tag === undefined ? typed(text, document) : text;
      }
    },
  });
  return faults;
}

/** As YAML reads a plain scalar. */
function typed(text: string, { schema, options }: Document.Parsed): unknown {
  const tag = schema.tags.find((each): each is ScalarTag => each.default === true && isFor(each, text));
  if (tag === undefined) return text;
  const value = tag.resolve(text, () => {}, options);
  return isScalar(value) ? value.value : value;
}

function isFor(tag: Document.Parsed["schema"]["tags"][number], text: string): boolean {
  return tag.collection === undefined && tag.test?.test(text) === true;
}

function pathOf(node: Scalar, ancestors: readonly unknown[]): Path {
  const way = [...ancestors, node];
  return way.flatMap((each, depth): Path => {
    if (isPair(each)) return [isScalar(each.key) ? String(each.key.value) : String(each.key)];
    const parent = way[depth - 1];
    return isSeq(parent) ? [parent.items.indexOf(each)] : [];
  });
}
