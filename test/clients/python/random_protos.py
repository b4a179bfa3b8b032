"""Random TensorProtos of every dtype, in every form in which one may come, good or not."""

import math
import random
import re

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

FIELDS = {
    "float_val": "float", "double_val": "double", "half_val": "half bfloat16", "bool_val": "bool", "string_val": "string",
    "int_val": "int32 uint8 int16 int8 qint8 quint8 qint32 qint16 quint16 uint16 int4 uint4",
    "int64_val": "int64", "uint64_val": "uint64", "uint32_val": "uint32", "scomplex_val": "complex64", "dcomplex_val": "complex128",
    "float8_val": "float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz",
}
FIELD_OF = {name: field for field, names in FIELDS.items() for name in names.split()}
# Twice as likely to be good; short, surplus and none: fewer values than the shape says, more, and none at all.
FORMS = "full full full short surplus none content content content wrong_length negative_dim".split()


def dtype_of(name: str) -> tf.DType:
    return tf.dtypes.as_dtype({"float": "float32", "double": "float64"}.get(name, name))


class Maker:
    def __init__(self, seed: int):
        self.rng = random.Random(seed)

    def proto(self, name: str) -> tuple[str, tensor_pb2.TensorProto]:
        """A message of this dtype, after the name of its form."""
        rng, field, form = self.rng, FIELD_OF[name], self.rng.choice(FORMS)
        proto = tensor_pb2.TensorProto(dtype=dtype_of(name).as_datatype_enum)
        shape = [rng.choice([0, 1, 1, 2, 2, 3, 3, 4, 7]) for _ in range(rng.choice([0, 1, 1, 2, 2, 3, 4]))]
        for size in shape:
            proto.tensor_shape.dim.add(size=size)
        count = math.prod(shape)
        if form in ("content", "wrong_length"):
            proto.tensor_content = self.content(name, count, form == "wrong_length")
            return form, proto
        given = {"short": rng.randint(0, count), "surplus": count + rng.randint(1, 5), "none": 0}.get(form, count)
        if field == "float8_val":
            proto.float8_val = rng.randbytes(given)
        else:
            pair = 2 if "complex" in field else 1
            getattr(proto, field).extend(self.value(field, name) for _ in range(given * pair))
        if form == "negative_dim":
            proto.tensor_shape.dim.add(size=-1)
        return form, proto

    def content(self, name: str, count: int, wrong: bool) -> bytes:
        rng = self.rng
        if name == "string":
            values = [self.value("string_val", name) for _ in range(count)]
            extra = rng.randbytes(rng.randint(1, 3)) if wrong else b""
            return b"".join(varint(len(value)) for value in values) + b"".join(values) + extra
        size = count * dtype_of(name).size
        size = max(0, size + rng.choice([-1, 1, 8])) if wrong else size
        return bytes(rng.randrange(2) for _ in range(size)) if name == "bool" else rng.randbytes(size)

    def value(self, field: str, name: str):
        rng = self.rng
        if field in ("float_val", "scomplex_val"):
            with np.errstate(over="ignore"):
                return float(np.float32(self.number()))
        if field in ("double_val", "dcomplex_val"):
            return self.number()
        if field == "string_val":
            return rng.choice([rng.randbytes(rng.choice([0, 1, 3, 20, 200])), "текст\n\"\\".encode()])
        if field == "bool_val":
            return rng.random() < 0.5
        widest = f"{'u' if field[0] == 'u' else ''}int{64 if '64' in field else 32}"
        low, high = limits(name if rng.random() < 0.7 else widest)
        return rng.choice([low, high, 0, rng.randint(low, high), rng.randint(low, high)])

    def number(self) -> float:
        rng, kind = self.rng, self.rng.randrange(6)
        if kind == 0:
            return rng.choice([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 5e-324, 1e-45, 3.4028234663852886e38, 1e39, 0.1, 1 / 3])
        if kind == 1:
            return float(rng.randrange(-2000, 2000))
        if kind == 2:
            return rng.randrange(-(10**7), 10**7) / 10 ** rng.randrange(8)
        return rng.choice([-1, 1]) * rng.random() * 10.0 ** rng.randrange(-40, 39)


def limits(name: str) -> tuple[int, int]:
    if name in ("half", "bfloat16"):
        return 0, 65535
    bits = int(re.sub(r"\D", "", name))
    return (0, 2**bits - 1) if "uint" in name else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))
