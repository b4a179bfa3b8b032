import { status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { predictionServiceRaw } from "../../../protos/index.ts";
import { serving } from "./health.ts";
import { predictRequest, spec } from "./requests.ts";
import { MODELS, type Served, serve, wanted } from "./served.ts";

let served: Served;
afterEach(() => served.close());

const { Predict } = predictionServiceRaw;

for (const checkMethodNames of [true, false]) {
  test(`a signature of no method is ${checkMethodNames ? "" : "not "}refused by its name`, async () => {
    served = await serve([wanted("tf2", `${MODELS}/tf2`)], { checkMethodNames });
    await serving(served.client);
    const asked = spec({ name: "tf2", signature: "__saved_model_init_op" });
    const error = await served.failure(Predict, predictRequest(asked, {}));
    if (!checkMethodNames) {
      expect(error.details).not.toContain("method_name");
      return;
    }
    expect([status[error.code], error.details]).toEqual([
      "INTERNAL",
      "Expected prediction signature method_name to be one of {tensorflow/serving/predict, tensorflow/serving/classify, tensorflow/serving/regress}. Was: ",
    ]);
  });
}
