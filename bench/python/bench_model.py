"""The model as every Python server of the benchmark runs it: one input and one output of floats, rows first.

BENCH_MODEL is a version's folder of a SavedModel; its default signature is called.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

# One core each: more threads would only take turns on it.
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

#: How many requests a server that merges them may join.
MAX_BATCH = 64


class Model:
    def __init__(self) -> None:
        # Kept: a signature's function does not hold its own variables.
        self._loaded = tf.saved_model.load(os.environ["BENCH_MODEL"])
        self._run = self._loaded.signatures["serving_default"]
        (self._input,) = self._run.structured_input_signature[1]
        (self._output,) = self._run.structured_outputs

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        return self._run(**{self._input: tf.constant(rows, tf.float32)})[self._output].numpy()
