import type { Config } from "../../config/index.ts";
import type { ModelName } from "../../core/index.ts";
import type { Question, Reply } from "../control/index.ts";
import type { MetricsPage } from "../observe/index.ts";
import type { ArmReport } from "../ramps/index.ts";
import type { ShadowSample } from "../shadowing/index.ts";
import type { WorkerFacts, WorkerSlot } from "../upstream/index.ts";

/**
 * What the processes of a gateway tell each other. The primary process keeps the workers and the configuration; each of the
 * others, the members, is a whole gateway on the same ports.
 */
export type ToMember =
  /** The first message, once it hears. */
  | { readonly is: "start"; readonly config: Config }
  /** All places of local workers, as they are now. Not sent before the library that they need is there. */
  | { readonly is: "places"; readonly places: readonly Place[] }
  /** Answered once it is taken over; where models are awaited, once each of them answers or has failed. */
  | {
      readonly is: "apply";
      readonly config: Config;
      readonly awaited: readonly ModelName[] | undefined;
      readonly ask: number;
    }
  | { readonly is: "count"; readonly page: MetricsPage; readonly ask: number }
  | { readonly is: "report"; readonly ask: number }
  | { readonly is: "sample"; readonly ask: number }
  /** Answers to a member's own questions. */
  | { readonly is: "answered"; readonly ask: number; readonly reply: Reply }
  | { readonly is: "counted"; readonly ask: number; readonly pages: readonly string[] }
  | { readonly is: "shutDown"; readonly limitMs: number };

export type ToPrimary =
  /** It hears what is said to it from now on. */
  | { readonly is: "hears" }
  | { readonly is: "listening"; readonly restPort: number | undefined; readonly grpcPort: number | undefined }
  /** It cannot start; the message is for whoever started the gateway. */
  | { readonly is: "failed"; readonly message: string }
  /** The worker of the slot reports to it, or has been silent for too long. */
  | { readonly is: "heard"; readonly socketPath: string }
  | { readonly is: "silent"; readonly socketPath: string }
  /** Answers to the primary's questions. */
  | { readonly is: "applied"; readonly ask: number }
  | { readonly is: "counted"; readonly ask: number; readonly page: string }
  | { readonly is: "reported"; readonly ask: number; readonly report: ArmReport }
  | { readonly is: "sampled"; readonly ask: number; readonly samples: readonly ShadowSample[] }
  /** To whoever keeps the configuration. */
  | { readonly is: "question"; readonly question: Question; readonly ask: number }
  /** What all others have counted. */
  | { readonly is: "countAll"; readonly page: MetricsPage; readonly ask: number };

export interface Place extends WorkerFacts {
  /** Undefined between two processes. */
  readonly slot: WorkerSlot | undefined;
}
