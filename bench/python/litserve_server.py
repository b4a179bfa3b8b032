"""LitServe with its own merging of requests."""

import os

import litserve
import numpy as np

from bench_model import MAX_BATCH, Model


class Api(litserve.LitAPI):
    def setup(self, device):
        self._model = Model()

    def decode_request(self, request):
        return np.asarray(request["instances"], np.float32)

    def batch(self, inputs):
        self._ends = np.cumsum([len(rows) for rows in inputs])[:-1]
        return np.concatenate(inputs)

    def predict(self, rows):
        return self._model(rows)

    def unbatch(self, output):
        return np.split(output, self._ends)

    def encode_response(self, output):
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    api = Api(max_batch_size=MAX_BATCH, batch_timeout=0.001)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        num_api_servers=1,
        log_level="warning",
        generate_client_file=False,
    )
