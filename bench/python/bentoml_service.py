"""BentoML with its adaptive batching."""

import bentoml
import numpy as np

from bench_model import MAX_BATCH, Model


@bentoml.service(
    workers=1,
    traffic={"timeout": 60, "max_concurrency": 1000},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class Bench:
    def __init__(self) -> None:
        self._model = Model()

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH, max_latency_ms=60_000, batch_dim=0)
    def predict(self, instances: np.ndarray) -> np.ndarray:
        return self._model(instances.astype(np.float32))
