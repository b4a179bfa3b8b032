import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Options, scratchFolder } from "./frame/index.ts";
import { h2load } from "./load/h2load.ts";
import { wrk } from "./load/wrk.ts";
import { benchModel } from "./models.ts";
import type { Product, ProductConfig } from "./product.ts";
import { CNN_SHAPE, ramp, rampAsJson } from "./ramp.ts";
import { checkPredict, framed, PREDICT, predictRequest } from "./requests.ts";

const MERGED = "warm_up";
const UNMERGED = "warm_up_unmerged";

/** Beside the model that is measured: the CNN's input, and next to nothing to do. */
export function warmUpModels(): ProductConfig["models"] {
  const path = benchModel("cnn_input");
  return [
    { name: MERGED, path },
    { name: UNMERGED, path, batching: "off" },
  ];
}

/** For the settings of a benchmark. */
export const WARMED_UP = "5 s of calls to a small model over each protocol, merged and not";

/**
 * Calls other models of the product, so that V8 has compiled gateway and worker: where few requests come in a second, that
 * would take it minutes, and what is measured would be the first minutes after a start. Peers in C++ need none, those in
 * Python know none.
 */
export async function warmUp(product: Product, core: number | undefined, options: Options): Promise<void> {
  const scratch = scratchFolder();
  const load = { connections: 32, seconds: options.smoke ? 1 : 5, core, scratch };
  const jsonFile = join(scratch, "warm-up.json");
  writeFileSync(jsonFile, `{"instances":[${rampAsJson()}]}`);
  const row = ramp();
  const want = [row.reduce((sum, each) => sum + each, 0) / row.length];
  for (const name of [MERGED, UNMERGED]) {
    const url = `${product.rest}/v1/models/${name}:predict`;
    await wrk({ ...load, url, bodyFiles: [jsonFile], contentType: "application/json" });
    const message = predictRequest(name, "x", row, [1, ...CNN_SHAPE]);
    const bodyFile = join(scratch, `${name}.bin`);
    writeFileSync(bodyFile, framed(message));
    const answerBytes = 5 + (await checkPredict(product.grpc, message, want));
    await h2load({ ...load, address: product.grpc, path: PREDICT, bodyFile, answerBytes });
  }
}
