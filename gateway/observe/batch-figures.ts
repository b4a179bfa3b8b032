import { Cells } from "./cells.ts";
import { Histogram } from "./histogram.ts";
import type { Presence } from "./presence.ts";
import type { RequestLabels } from "./request-figures.ts";
import { heading, labelText } from "./text-format.ts";

export type BatchLabels = Pick<RequestLabels, "model" | "version" | "signature">;

const NAME = "tensorgate_batch_requests";
const HELP = "Requests that went to a worker as one call, of signatures whose calls may be joined.";
const LABELS = ["model", "version", "signature"];
const BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128];

/** How many requests went together, by what they asked. */
export class BatchFigures {
  readonly #cells = new Cells((values) => ({ labels: labelText(LABELS, values), sizes: new Histogram(BOUNDS) }));

  departed({ model, version, signature }: BatchLabels, calls: number): void {
    this.#cells.at([model, version, signature]).sizes.observe(calls);
  }

  render(): string {
    const samples = this.#cells.all().flatMap(({ labels, sizes }) => sizes.lines(NAME, labels));
    return [...heading(NAME, "histogram", HELP), ...samples, ""].join("\n");
  }

  forgetGone(presence: Presence): void {
    this.#cells.keep(([model = "", version = ""]) => presence.hasVersion(model, version));
  }
}
