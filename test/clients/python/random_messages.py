"""Damaged and oddly written requests through a running gateway, against what protobuf's own reader understands.

argv: the gRPC address, the seed, how many. Each message goes twice, as it is and as protobuf writes what it read: both must have the
same answer. What protobuf cannot read must be refused. Prints how often each case came, as JSON.
"""

import collections
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
from google.protobuf.message import DecodeError, Message
from tensorflow_serving.apis import classification_pb2, inference_pb2, predict_pb2, regression_pb2

from random_protos import Maker, varint

GRPC, SEED, COUNT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
CODES = grpc.StatusCode
REFUSALS = {CODES.INVALID_ARGUMENT, CODES.NOT_FOUND, CODES.FAILED_PRECONDITION, CODES.UNIMPLEMENTED, CODES.INTERNAL}
VARINT, FIXED64, LEN, FIXED32 = 0, 1, 2, 5
channel = grpc.insecure_channel(GRPC)
maker = Maker(SEED)
rng = maker.rng
seen = collections.Counter()


def predict() -> Message:
    request = predict_pb2.PredictRequest(output_filter=rng.choice([[], ["y"]]))
    request.model_spec.name, request.model_spec.signature_name = "every_dtype", "float"
    request.inputs["x"].CopyFrom(maker.proto("float")[1])
    return request


def examples() -> bytes:
    """The field `input`. It stays whole: Examples are handed on as they came, and TensorFlow's own reader of them takes less than protobuf's."""
    request = classification_pb2.ClassificationRequest()
    kind = rng.choice([request.input.example_list, request.input.example_list_with_context])
    for _ in range(rng.randint(1, 3)):
        kind.examples.add().features.feature["x"].float_list.value.append(rng.randrange(100))
    return request.SerializeToString()


def of_half_plus_two(request: Message, signature: str) -> Message:
    spec = request.model_spec
    spec.name, spec.signature_name = "half_plus_two", signature
    if rng.random() < 0.5:
        spec.version.value = rng.choice([123, 124])
    return request


def multi_inference() -> Message:
    request = inference_pb2.MultiInferenceRequest()
    for method in ["classify", "regress"]:
        task = of_half_plus_two(request.tasks.add(), f"{method}_x_to_y")
        task.method_name = f"tensorflow/serving/{method}"
    return request


# What makes a request, and its examples.
METHODS = {
    "Predict": lambda: (predict(), b""),
    "Classify": lambda: (of_half_plus_two(classification_pb2.ClassificationRequest(), "classify_x_to_y"), examples()),
    "Regress": lambda: (of_half_plus_two(regression_pb2.RegressionRequest(), "regress_x_to_y"), examples()),
    "MultiInference": lambda: (multi_inference(), examples()),
}


def fields(raw: bytes) -> list[tuple[int, int, bytes]] | None:
    """The fields of a message: number, wire type, and the value as it lies there. None for what is no message."""
    found, at = [], 0

    def number() -> int:
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = raw[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value

    try:
        while at < len(raw):
            tag = number()
            start, kind = at, tag & 7
            if kind == VARINT:
                number()
            elif kind in (FIXED32, FIXED64):
                at += 4 if kind == FIXED32 else 8
            elif kind == LEN:
                size = number()
                start, at = at, at + size
            else:
                return None
            if at > len(raw) or tag < 8:
                return None
            found.append((tag >> 3, kind, raw[start:at]))
    except IndexError:
        return None
    return found


def joined(parts: list[tuple[int, int, bytes]]) -> bytes:
    return b"".join(varint(n << 3 | kind) + (varint(len(value)) if kind == LEN else b"") + value for n, kind, value in parts)


def rewritten(raw: bytes) -> bytes:
    """The same fields in another order, twice, one too few, in two parts, with one that nobody knows; here or further in."""
    parts = fields(raw)
    if not parts:
        return raw
    at = rng.randrange(len(parts))
    n, kind, value = parts[at]
    how = rng.choice(["in", "in", "in", "order", "twice", "drop", "halves", "unknown"])
    if how == "in" and kind == LEN:
        parts[at] = (n, kind, rewritten(value))
    elif how == "order":
        rng.shuffle(parts)
    elif how == "twice":
        parts.insert(rng.randrange(len(parts) + 1), (n, kind, value))
    elif how == "drop":
        parts.pop(at)
    elif how == "halves" and kind == LEN and (inner := fields(value)) is not None:
        middle = rng.randint(0, len(inner))
        parts[at : at + 1] = [(n, kind, joined(inner[:middle])), (n, kind, joined(inner[middle:]))]
    elif how == "unknown":
        parts.insert(at, rng.choice([(77, VARINT, b"\x05"), (2000, LEN, b"??"), (19, FIXED64, b"12345678"), (n, FIXED32, b"abcd")]))
    return joined(parts)


def damaged(raw: bytes) -> bytes:
    broken = bytearray(raw)
    at = rng.randrange(len(broken) + 1)
    broken[at : at + rng.randint(0, 2)] = rng.choice([b"", rng.randbytes(1), bytes([rng.randrange(128)])])
    return bytes(broken)


def outcome(send, raw: bytes) -> bytes | grpc.StatusCode:
    """The answer, or the code; of several mistakes in a map another may be told, as its order is protobuf's own affair."""
    try:
        return send(raw, timeout=20.0)
    except grpc.RpcError as error:
        return error.code()


def check(method: str) -> None:
    send = channel.unary_unary(f"/tensorflow.serving.PredictionService/{method}", bytes, bytes)
    request, examples = METHODS[method]()
    raw = request.SerializeToString()
    change = rng.choice([rewritten, rewritten, damaged])
    for _ in range(rng.randint(1, 4)):
        raw = change(raw)
    raw += examples
    got = outcome(send, raw)
    where = f"{method}, {change.__name__}, {raw.hex()}: {got}"
    try:
        request.ParseFromString(raw)
    except DecodeError:
        assert got in REFUSALS, f"{where}, which protobuf cannot read"
        seen["unreadable"] += 1
        return
    want = outcome(send, request.SerializeToString())
    assert got == want, f"{where}, but {want} for {request.SerializeToString().hex()}"
    seen["answered" if isinstance(got, bytes) else "refused"] += 1


if __name__ == "__main__":
    names = list(METHODS)
    for i in range(COUNT):
        check(names[i % len(names)])
    print(json.dumps(seen))
