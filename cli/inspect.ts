import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseVersion } from "../core/index.ts";
import type { Signature, TensorInfo } from "../tensor/index.ts";
import { isSavedModel, readSavedModel, type SavedModel } from "./saved-model.ts";
import { table } from "./table.ts";

export interface InspectOptions {
  readonly json?: boolean;
}

/** Prints what a SavedModel, or each version of a base path, takes and answers; the exit status. */
export async function inspect(path: string, options: InspectOptions): Promise<number> {
  const folders = savedModelsAt(resolve(path));
  if (folders.length === 0) {
    process.stderr.write(
      existsSync(path)
        ? `${path} holds no SavedModel: expected saved_model.pb or saved_model.pbtxt, or numeric version folders with one\n`
        : `${path} does not exist\n`,
    );
    return 1;
  }
  const models = folders.map((folder) => ({ folder, ...readModel(folder) }));
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(
          models.map(({ folder, ...model }) => ({ path: folder, ...plain(model) })),
          undefined,
          2,
        )}\n`
      : models.map(({ folder, ...model }) => describe(folder, model)).join("\n"),
  );
  return 0;
}

function readModel(folder: string): SavedModel {
  try {
    return readSavedModel(folder);
  } catch (cause) {
    throw new Error(`${folder} holds no SavedModel that can be read: ${(cause as Error).message}`, { cause });
  }
}

/** The folder itself, also where its `saved_model.pb` is named, or its numeric children, oldest first. */
function savedModelsAt(path: string): string[] {
  if (isSavedModel(path)) return [path];
  if (/^saved_model\.pb(txt)?$/.test(basename(path)) && isSavedModel(dirname(path))) return [dirname(path)];
  if (!existsSync(path) || !statSync(path).isDirectory()) return [];
  return readdirSync(path)
    .flatMap((name) => {
      const version = parseVersion(name);
      return version !== undefined && isSavedModel(join(path, name)) ? [{ name, version }] : [];
    })
    .toSorted((a, b) => (a.version < b.version ? -1 : 1))
    .map(({ name }) => join(path, name));
}

function describe(folder: string, { metaGraphs, sizeBytes }: SavedModel): string {
  const lines = [`${folder}  (${readableBytes(sizeBytes)})\n`];
  for (const { tags, tensorflowVersion, signatures } of metaGraphs) {
    const writer = tensorflowVersion === "" ? "" : `, written by TensorFlow ${tensorflowVersion}`;
    lines.push(`tags: ${tags.join(",")}${writer}\n`);
    for (const signature of [...signatures.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
      lines.push(`  signature ${signature.key}  ${signature.methodName}\n`);
      lines.push(indent(table(["", "name", "dtype", "shape", "tensor"], tensorRows(signature))));
    }
  }
  return lines.join("");
}

function tensorRows({ inputs, outputs }: Signature): string[][] {
  return [...rowsOf("input", inputs), ...rowsOf("output", outputs)];
}

function rowsOf(kind: string, tensors: ReadonlyMap<string, TensorInfo>): string[][] {
  return [...tensors]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([alias, info]) => [kind, alias, dtypeText(info), shapeText(info), info.name]);
}

function dtypeText({ dtype }: TensorInfo): string {
  return dtype?.name ?? "invalid";
}

function shapeText({ shape }: TensorInfo): string {
  return shape === undefined ? "unknown rank" : `[${shape.join(",")}]`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "    ");
}

function readableBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

function plain({ metaGraphs, sizeBytes }: SavedModel): object {
  return {
    sizeBytes,
    metaGraphs: metaGraphs.map(({ tags, tensorflowVersion, signatures }) => ({
      tags,
      tensorflowVersion,
      signatures: Object.fromEntries(
        [...signatures].map(([key, { methodName, inputs, outputs }]) => [
          key,
          { method: methodName, inputs: plainTensors(inputs), outputs: plainTensors(outputs) },
        ]),
      ),
    })),
  };
}

function plainTensors(infos: ReadonlyMap<string, TensorInfo>): object {
  return Object.fromEntries(
    [...infos].map(([alias, info]) => [
      alias,
      { dtype: dtypeText(info), shape: info.shape ?? null, tensor: info.name },
    ]),
  );
}
