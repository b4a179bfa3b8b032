"""FastAPI as its users would write it for speed: a raw body, orjson both ways, no validation in between."""

import os

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from bench_model import Model

app = FastAPI()
model = Model()


@app.post("/predict")
async def predict(request: Request) -> Response:
    rows = np.asarray(orjson.loads(await request.body())["instances"], np.float32)
    answer = orjson.dumps({"predictions": model(rows)}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(answer, media_type="application/json")


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)
