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

/** Codes that are about the server and not about the model: what it said before holds. */
const BUSY: ReadonlySet<string> = new Set(["RESOURCE_EXHAUSTED", "ABORTED", "INTERNAL", "UNKNOWN"]);

/** What a version can do, for as long as it is available. */
interface Abilities {
  readonly signatures: Buffer;
  /** Where the model asks for its calls to be joined, and where it does not. */
  readonly asked: readonly SignatureMerging[];
  readonly notAsked: readonly SignatureMerging[];
}

/** What a server tells of its models, in the words that our workers have for it. */
export class ServedModels {
  readonly #ask: ServingQuestions;
  /** As told last; of models that the server has said something about. */
  readonly #reports = new Map<string, ModelReport>();
  /** By model and version. Looked up once: a server is asked over and over, and graphs may have hundreds of signatures. */
  readonly #abilities = new Map<string, Map<string, Abilities>>();

  constructor(ask: ServingQuestions) {
    this.#ask = ask;
  }

  /** One model. Rejects only when the server is not there. */
  async report({ name, merge_proof: proof }: WantedModel): Promise<ModelReport> {
    try {
      const rows = await this.#ask.status(name);
      const hasAvailable = rows.some(({ state }) => state === "AVAILABLE");
      const known = this.#abilities.get(name);
      const available = new Map<string, Abilities>();
      const versions: VersionReport[] = [];
      for (const row of rows) {
        const abilities =
          row.state === "AVAILABLE" ? (known?.get(row.version) ?? (await this.#look(name, row))) : undefined;
        if (abilities !== undefined) available.set(row.version, abilities);
        const flags = { wanted: !hasAvailable && isOnItsWay(row), joins: proof !== null };
        versions.push(versionReport(row, abilities, flags));
      }
      this.#abilities.set(name, available);
      return this.#keep({ name, removed: false, versions, discovered: true, problem: "" });
    } catch (thrown) {
      const { code, message } = InferenceError.from(thrown, "worker");
      if (GONE.has(code)) throw thrown;
      const before = BUSY.has(code) ? this.#reports.get(name) : undefined;
      if (before !== undefined) return before;
      this.#abilities.delete(name);
      return this.#keep({ name, removed: false, versions: [], discovered: true, problem: message });
    }
  }

  #keep(report: ModelReport): ModelReport {
    this.#reports.set(report.name, report);
    return report;
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
    for (const name of this.#reports.keys()) {
      if (names.has(name)) continue;
      this.#reports.delete(name);
      this.#abilities.delete(name);
    }
  }

  /** Undefined when the version has just gone, or cannot tell. */
  async #look(name: string, { version }: ModelVersionStatus): Promise<Abilities | undefined> {
    try {
      return abilitiesOf(await this.#ask.signatures(name, version));
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
  abilities: Abilities | undefined,
  { wanted, joins }: { readonly wanted: boolean; readonly joins: boolean },
): VersionReport {
  return {
    version,
    state: state === "AVAILABLE" && abilities === undefined ? "LOADING" : state,
    status,
    signature_def_map: abilities?.signatures ?? Buffer.alloc(0),
    failed_loads: "0",
    wanted,
    directory: "",
    load_micros: "0",
    warmup_micros: "0",
    warmup_records: "0",
    merging: (joins ? abilities?.asked : abilities?.notAsked) ?? [],
    batching_file: "",
  };
}

function abilitiesOf(signatures: Buffer): Abilities {
  const names = [...parseSignatureDefMap(signatures).keys()];
  return {
    signatures,
    asked: names.map((signature) => ({ signature, verdict: "UNPROVEN", reason: UNTOLD })),
    notAsked: names.map((signature) => ({ signature, verdict: "REFUSED", reason: NOT_ASKED_FOR })),
  };
}
