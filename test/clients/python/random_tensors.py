"""Random tensors of every dtype through a running gateway, against what TensorFlow makes of the same message.

argv: the REST address, the gRPC address, the seed, how many. The model `every_dtype` has a signature for each dtype that gives its
input back. TensorFlow's own C++ reader (tf.io.parse_tensor) reads the message too: where it refuses, so must the gateway; else the
answer must be the same tensor, bit for bit. What JSON can carry is asked over REST as well, and the numbers of the answer must be
spelled as C spells them. Prints how often each case came, as JSON.
"""

import collections
import json
import math
import os
import re
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import numpy as np
import requests
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from random_protos import FIELD_OF, Maker

REST, GRPC, SEED, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
IN_JSON = "float double int32 uint8 int16 int8 string int64 bool uint32 uint64".split()
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[0-9.e+-]*|NaN|-?Infinity|true|false')
stub = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(GRPC))
session = requests.Session()
maker = Maker(SEED)
rng = maker.rng
seen = collections.Counter()


def read(proto: tensor_pb2.TensorProto) -> np.ndarray:
    dtype = tf.dtypes.as_dtype(proto.dtype)
    return np.asarray(tf.io.parse_tensor(proto.SerializeToString(), dtype).numpy(), dtype.as_numpy_dtype)


def same(got: np.ndarray, want: np.ndarray) -> bool:
    if got.shape != want.shape or got.dtype != want.dtype:
        return False
    return got.tolist() == want.tolist() if want.dtype == object else got.tobytes() == want.tobytes()


def over_grpc(name: str, form: str, proto: tensor_pb2.TensorProto) -> np.ndarray | None:
    """The tensor as TensorFlow has it; None where it is none."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "every_dtype", name
    request.inputs["x"].CopyFrom(proto)
    try:
        want = read(proto)
    except tf.errors.InvalidArgumentError:
        want = None
    where = f"{name}, {form}, {proto.SerializeToString().hex()}"
    try:
        got = read(stub.Predict(request, 20.0).outputs["y"])
    except grpc.RpcError as error:
        assert want is None, f"{where}: refused: {error.code()} {error.details()}"
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, f"{where}: {error.code()} {error.details()}"
        seen["refused"] += 1
        return None
    assert want is not None, f"{where}: answered {got!r}, where TensorFlow refuses"
    assert same(got, want), f"{where}: got {got!r}, want {want!r}"
    seen[form] += 1
    return want


def spelled(value, name: str) -> str:
    """A value as JSON, in one of the ways that mean the same."""
    if name == "string":
        return json.dumps(value.decode(), ensure_ascii=rng.random() < 0.5)
    if name == "bool":
        return "true" if value else "false"
    if name not in ("float", "double"):
        return str(int(value))
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if number != number else rng.choice(["Infinity", "Inf"]) if number > 0 else rng.choice(["-Infinity", "-Inf"])
    digits = 9 if name == "float" else 17
    text = rng.choice([repr(number), f"%.{digits}g" % number, f"%.{digits + rng.randrange(9)}e" % number, f"%.{digits - 1}E" % number])
    return "-0.0" if text == "-0" else text  # which is a whole number, and has no sign


def printed(value, name: str) -> str:
    """A number as the reference prints it: C's %g with six digits if these read back as the same, else with all."""
    if name == "bool":
        return "true" if value else "false"
    if name not in ("float", "double"):
        return str(int(value))
    number = float(value)
    if not math.isfinite(number):
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    text = "%.6g" % number
    width = np.float32 if name == "float" else np.float64
    if width(float(text)) != width(number):
        text = ("%.9g" if name == "float" else "%.17g") % number
    return text if "." in text or "e" in text else text + ".0"


def nested(values: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return values[0]
    step = len(values) // shape[0] if shape[0] else 0
    space = rng.choice(["", " ", "\n  "])
    return "[" + f",{space}".join(nested(values[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])) + "]"


def over_rest(name: str, want: np.ndarray) -> None:
    row = want.ndim > 0 and rng.random() < 0.5
    if 0 in want.shape and (row or want.shape[-1] != 0):
        return  # there are no empty instances, and [] has one dimension, whatever would be in it
    flat = list(want.reshape(-1))
    if name == "string" and any(not_text(value) for value in flat):
        return
    text = nested([spelled(value, name) for value in flat], want.shape)
    body = f'{{"signature_name": "{name}", "{"instances" if row else "inputs"}": {text}}}'
    reply = session.post(f"{REST}/v1/models/every_dtype:predict", data=body.encode(), timeout=20)
    where = f"{name}: {body}: {reply.status_code} {reply.text}"
    assert reply.status_code == 200, where
    got = TOKEN.findall(reply.content.decode().split(":", 1)[1])
    if name == "string":
        assert [json.loads(token).encode() for token in got] == flat, where
    else:
        assert got == [printed(value, name) for value in flat], where
    answer = json.loads(reply.content)["predictions" if row else "outputs"]
    assert 0 in want.shape or np.shape(answer) == want.shape, where
    seen["rows" if row else "columns"] += 1


def not_text(value: bytes) -> bool:
    try:
        value.decode()
        return False
    except UnicodeDecodeError:
        return True


if __name__ == "__main__":
    names = list(FIELD_OF)
    for i in range(COUNT):
        name = names[i % len(names)]
        tensor = over_grpc(name, *maker.proto(name))
        if tensor is not None and name in IN_JSON:
            over_rest(name, tensor)
    print(json.dumps(seen))
