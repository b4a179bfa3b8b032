import { InferenceError } from "../../core/index.ts";
import type {
  ModelReport,
  ModelVersionStatus,
  SignatureMerging,
  VersionReport,
  WantedModel,
} from "../../protos/index.ts";
import { parseSignatureDefMap } from "../../tensor/index.ts";
import type { ServingQuestions } from "./serving-questions.ts";

/** Why calls to such a server are not joined, unless the configuration asks for that of the model. */
const NOT_ASKED_FOR =
  "its server does not tell whether rows may travel in company: models[].batching has real calls tried";
const UNTOLD = "its server has not tried it";

/** Codes with which a server says nothing of the model: it is not there, or not itself. */
const GONE: ReadonlySet<string> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"]);

/** What a server tells of its models, in the words that our workers have for it. */
export class ServedModels {
  readonly #ask: ServingQuestions;
  /** By model and version, of those that are available: what they can do does not change. */
  readonly #signatures = new Map<string, Map<string, Buffer>>();

  constructor(ask: ServingQuestions) {
    this.#ask = ask;
  }

  /** One model. Rejects only when the server is not there. */
  async report({ name, merge_proof: proof }: WantedModel): Promise<ModelReport> {
    try {
      const rows = await this.#ask.status(name);
      const hasAvailable = rows.some(({ state }) => state === "AVAILABLE");
      const known = this.#signatures.get(name) ?? new Map<string, Buffer>();
      const available = new Map<string, Buffer>();
      const versions: VersionReport[] = [];
      for (const row of rows) {
        const signatures =
          row.state === "AVAILABLE" ? (known.get(row.version) ?? (await this.#look(name, row))) : undefined;
        if (signatures !== undefined) available.set(row.version, signatures);
        versions.push(
          versionReport(row, signatures, { wanted: !hasAvailable && isOnItsWay(row), tried: proof !== null }),
        );
      }
      this.#signatures.set(name, available);
      return { name, removed: false, versions, discovered: true, problem: "" };
    } catch (thrown) {
      const { code, message } = InferenceError.from(thrown, "worker");
      if (GONE.has(code)) throw thrown;
      this.#signatures.delete(name);
      return { name, removed: false, versions: [], discovered: true, problem: message };
    }
  }

  /** Resolves if the server is there. */
  async greet(): Promise<void> {
    await this.report({
      name: "",
      base_path: "",
      version_policy: null,
      version_labels: {},
      tags: [],
      merge_proof: null,
    });
  }

  /** Forgets all other models. */
  keep(wanted: readonly WantedModel[]): void {
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of this.#signatures.keys()) if (!names.has(name)) this.#signatures.delete(name);
  }

  /** Undefined when the version has just gone, or cannot tell. */
  async #look(name: string, { version }: ModelVersionStatus): Promise<Buffer | undefined> {
    try {
      return await this.#ask.signatures(name, version);
    } catch (thrown) {
      if (GONE.has(InferenceError.from(thrown, "worker").code)) throw thrown;
      return undefined;
    }
  }
}

function isOnItsWay({ state }: ModelVersionStatus): boolean {
  return state === "START" || state === "LOADING";
}

/** A version that says it is available, but not what it can do, counts as one that is still loading. */
function versionReport(
  { version, state, status }: ModelVersionStatus,
  signatures: Buffer | undefined,
  { wanted, tried }: { readonly wanted: boolean; readonly tried: boolean },
): VersionReport {
  return {
    version,
    state: state === "AVAILABLE" && signatures === undefined ? "LOADING" : state,
    status,
    signature_def_map: signatures ?? Buffer.alloc(0),
    failed_loads: "0",
    wanted,
    directory: "",
    load_micros: "0",
    warmup_micros: "0",
    warmup_records: "0",
    merging: signatures === undefined ? [] : mergingOf(signatures, tried),
  };
}

function mergingOf(signatures: Buffer, tried: boolean): readonly SignatureMerging[] {
  const verdict = tried ? "UNPROVEN" : "REFUSED";
  const reason = tried ? UNTOLD : NOT_ASKED_FOR;
  return [...parseSignatureDefMap(signatures).keys()].map((signature) => ({ signature, verdict, reason }));
}
