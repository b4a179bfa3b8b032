import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Options, scratchFolder } from "./frame/index.ts";
import { h2load } from "./load/h2load.ts";
import { wrk } from "./load/wrk.ts";
import { HALF_PLUS_TWO } from "./models.ts";
import type { Product, ProductConfig } from "./product.ts";
import { checkPredict, framed, PREDICT, predictRequest } from "./requests.ts";

const NAME = "half_plus_two";

/** Beside the model that is measured. */
export const WARM_UP_MODEL: ProductConfig["models"][number] = { name: NAME, path: HALF_PLUS_TWO };

/** For the settings of a benchmark. */
export const WARMED_UP = "5 s of calls to another, small model over each protocol";

/**
 * Calls another model of the product, so that V8 has compiled gateway and worker: where few requests come in a second, that
 * would take it minutes, and what is measured would be the first minute after a start. Peers in C++ need none, those in
 * Python know none.
 */
export async function warmUp(product: Product, core: number | undefined, options: Options): Promise<void> {
  const seconds = options.smoke ? 1 : 5;
  const scratch = scratchFolder();
  const jsonFile = join(scratch, "warm-up.json");
  writeFileSync(jsonFile, '{"instances":[1.0,2.0,5.0]}');
  const message = predictRequest(NAME, "x", Float32Array.of(1, 2, 5), [3]);
  const bodyFile = join(scratch, "warm-up.bin");
  writeFileSync(bodyFile, framed(message));
  const answerBytes = 5 + (await checkPredict(product.grpc, message, [2.5, 3, 4.5]));
  const load = { connections: 32, seconds, core, scratch };
  const url = `${product.rest}/v1/models/${NAME}:predict`;
  await wrk({ ...load, url, bodyFiles: [jsonFile], contentType: "application/json" });
  await h2load({ ...load, address: product.grpc, path: PREDICT, bodyFile, answerBytes });
}
