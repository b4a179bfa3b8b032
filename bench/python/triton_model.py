"""Triton's Python backend for the model: it hands over what it has merged, one request each."""

import os
import sys

# Triton's own interpreter knows no virtual environment and heeds no PYTHONPATH.
sys.path += os.environ["BENCH_FOLDERS"].split(":")

import numpy as np
import triton_python_backend_utils as triton

from bench_model import Model


class TritonPythonModel:
    def initialize(self, args):
        self._model = Model()

    def execute(self, requests):
        parts = [triton.get_input_tensor_by_name(request, "input").as_numpy() for request in requests]
        answers = np.split(self._model(np.concatenate(parts)), np.cumsum([len(part) for part in parts])[:-1])
        return [triton.InferenceResponse([triton.Tensor("output", answer)]) for answer in answers]
