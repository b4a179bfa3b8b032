"""MLServer's runtime for the model, with its adaptive batching (see mlserver/model-settings.json)."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

from bench_model import Model


class Bench(MLModel):
    async def load(self) -> bool:
        self._model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        answer = NumpyCodec.encode_output("output", self._model(rows))
        return InferenceResponse(model_name=self.name, outputs=[answer])
