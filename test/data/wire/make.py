"""Writes tensors.json and messages.json: protobuf messages made by Python's classes, for the TypeScript codec to be checked against.

Run by hand, in an environment with what examples/requirements.txt names, tensorflow-serving-api too:  python test/data/wire/make.py

tensors.json: a list of {name, dtype, shape, values, proto_b64, content_b64, expect?}.
  values       flat, row-major, what the typed value field of the TensorProto holds. Integers of 64 bits are decimal strings; strings are base64;
               half, bfloat16, float8 and float4 are their bit patterns; complex is [re, im]; non-finite numbers are "NaN", "Infinity", "-Infinity".
  proto_b64    the TensorProto with its typed value field (float_val, int_val, ...).
  content_b64  the same tensor with tensor_content; null for strings, which have no such form.
  expect       only where a reader must make more of the value field than it literally says: all values of the decoded tensor
               (the last value stands for all that follow; no value at all stands for zeros; an unpacked field).
               A writer need not reproduce these bytes.
messages.json: a list of {name, kind, json, b64}; json is MessageToDict(message, preserving_proto_field_name=True), except where always_print says
  that fields at their default are printed too.

Every tensor is read back with TensorFlow's own C++ reader (tf.io.parse_tensor) before it is written.
"""

import base64
import json
import math
import os
import struct
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2

import messages

HERE = Path(__file__).parent


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# dtype -> (typed field, kind of its values, sample values). Samples hold the limits and, for small types, bit patterns with the sign bit set.
SAMPLES = {
    "DT_FLOAT": ("float_val", "float", [0.0, -0.0, 1.5, -2.25, 0.1, 3.4028234663852886e38, 1.401298464324817e-45, math.nan, math.inf, -math.inf]),
    "DT_DOUBLE": ("double_val", "float", [0.0, -0.0, 0.1, -1e308, 5e-324, 123456789.123456789, math.nan, math.inf, -math.inf]),
    "DT_HALF": ("half_val", "bits", [0x0000, 0x8000, 0x3C00, 0xC100, 0x7BFF, 0x0001, 0x7E00, 0x7C00, 0xFC00]),
    "DT_BFLOAT16": ("half_val", "bits", [0x0000, 0x8000, 0x3F80, 0xC010, 0x7F7F, 0x0001, 0x7FC0, 0x7F80, 0xFF80]),
    "DT_INT8": ("int_val", "int", [0, 1, -1, 127, -128]),
    "DT_INT16": ("int_val", "int", [0, 1, -1, 32767, -32768]),
    "DT_INT32": ("int_val", "int", [0, 1, -1, 2147483647, -2147483648]),
    "DT_INT64": ("int64_val", "int64", [0, 1, -1, 9007199254740993, 9223372036854775807, -9223372036854775808]),
    "DT_UINT8": ("int_val", "int", [0, 1, 127, 128, 255]),
    "DT_UINT16": ("int_val", "int", [0, 1, 32768, 65535]),
    "DT_UINT32": ("uint32_val", "int", [0, 1, 2147483648, 4294967295]),
    "DT_UINT64": ("uint64_val", "int64", [0, 1, 9007199254740993, 9223372036854775808, 18446744073709551615]),
    "DT_BOOL": ("bool_val", "bool", [True, False, True]),
    "DT_COMPLEX64": ("scomplex_val", "complex", [1 + 2j, -0.5 - 0.25j, 0j, complex(math.inf, math.nan)]),
    "DT_COMPLEX128": ("dcomplex_val", "complex", [0.1 + 0.2j, -1e300 + 1e-300j, 0j, complex(-math.inf, math.nan)]),
    "DT_QINT8": ("int_val", "int", [0, 127, -128]),
    "DT_QUINT8": ("int_val", "int", [0, 127, 255]),
    "DT_QINT16": ("int_val", "int", [0, 32767, -32768]),
    "DT_QUINT16": ("int_val", "int", [0, 32767, 65535]),
    "DT_QINT32": ("int_val", "int", [0, 2147483647, -2147483648]),
    "DT_INT4": ("int_val", "int", [0, 1, 7, -8, -1]),
    "DT_UINT4": ("int_val", "int", [0, 1, 8, 15]),
    "DT_INT2": ("int_val", "int", [0, 1, -2, -1]),
    "DT_UINT2": ("int_val", "int", [0, 1, 2, 3]),
    "DT_FLOAT8_E5M2": ("float8_val", "bits", [0x00, 0x3C, 0xBC, 0x7B, 0x7C, 0x7E]),
    "DT_FLOAT8_E4M3FN": ("float8_val", "bits", [0x00, 0x38, 0xB8, 0x7E, 0x7F]),
    "DT_FLOAT8_E4M3FNUZ": ("float8_val", "bits", [0x00, 0x40, 0xC0, 0x7F, 0x80]),
    "DT_FLOAT8_E4M3B11FNUZ": ("float8_val", "bits", [0x00, 0x58, 0xD8, 0x7F, 0x80]),
    "DT_FLOAT8_E5M2FNUZ": ("float8_val", "bits", [0x00, 0x40, 0xC0, 0x7F, 0x80]),
    "DT_FLOAT4_E2M1FN": ("float8_val", "bits", [0x00, 0x02, 0x07, 0x0F]),
    "DT_STRING": ("string_val", "bytes", [b"", b"text", "中文".encode(), b"\x00\xff\xfe", b"a" * 200]),
}


def json_number(value):
    """A number that JSON can hold, or the word for one that it cannot."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value


def exact(dtype: str, value):
    """What the message really keeps of the sample: 32 bits of a float, written out as a double."""
    if dtype == "DT_FLOAT":
        return float(np.float32(value))
    return complex(np.complex64(value)) if dtype == "DT_COMPLEX64" else value


def json_value(kind: str, value):
    if kind == "int64":
        return str(value)
    if kind == "bytes":
        return b64(value)
    if kind == "complex":
        return [json_number(value.real), json_number(value.imag)]
    return json_number(value)


def empty_proto(dtype: str, shape: list[int]) -> tensor_pb2.TensorProto:
    dims = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in shape]
    return tensor_pb2.TensorProto(dtype=types_pb2.DataType.Value(dtype), tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dims))


def typed_proto(dtype: str, shape: list[int], values: list) -> tensor_pb2.TensorProto:
    field, kind, _ = SAMPLES[dtype]
    proto = empty_proto(dtype, shape)
    if kind == "complex":
        values = [part for value in values for part in (value.real, value.imag)]
    if field == "float8_val":
        proto.float8_val = bytes(values)
    else:
        getattr(proto, field).extend(values)
    return proto


def numpy_bytes(dtype: str, values: list) -> bytes:
    """The tensor's memory: little-endian; a 2- or 4-bit element has a whole byte, sign-extended as TensorFlow's C++ keeps it."""
    kind = SAMPLES[dtype][1]
    numpy_type = np.dtype(tf.dtypes.as_dtype(types_pb2.DataType.Value(dtype)).as_numpy_dtype)
    if kind == "bits":
        return np.array(values, dtype=f"<u{numpy_type.itemsize}").tobytes()
    if dtype in ("DT_INT4", "DT_UINT4", "DT_INT2", "DT_UINT2"):
        return np.array(values, dtype="i1").tobytes()
    if dtype.startswith("DT_Q"):
        return np.array(values, dtype=numpy_type.fields[numpy_type.names[0]][0]).tobytes()
    return np.array(values, dtype=object).astype(numpy_type).tobytes() if values else b""


def content_proto(dtype: str, shape: list[int], values: list) -> tensor_pb2.TensorProto:
    proto = empty_proto(dtype, shape)
    proto.tensor_content = numpy_bytes(dtype, values)
    return proto


def check(dtype: str, serialized: bytes, shape: list[int], values: list) -> None:
    """Fails unless TensorFlow's C++ reader makes exactly these values of the message."""
    tensor = tf.io.parse_tensor(serialized, types_pb2.DataType.Value(dtype))
    assert tensor.shape.as_list() == shape, (dtype, tensor.shape, shape)
    if SAMPLES[dtype][1] == "bytes":
        assert np.ravel(np.asarray(tensor.numpy(), dtype=object)).tolist() == values, dtype
    else:
        held = tensor.numpy().tobytes()
        assert held == numpy_bytes(dtype, values), (dtype, held, values)


def record(name: str, dtype: str, shape: list[int], values: list, expect: list | None = None, serialized: bytes | None = None) -> dict:
    kind = SAMPLES[dtype][1]
    full = values if expect is None else expect
    serialized = serialized or typed_proto(dtype, shape, values).SerializeToString(deterministic=True)
    check(dtype, serialized, shape, full)
    out = {"name": name, "dtype": dtype, "shape": shape, "values": [json_value(kind, value) for value in values], "proto_b64": b64(serialized)}
    out["content_b64"] = None
    if dtype != "DT_STRING":
        content = content_proto(dtype, shape, full).SerializeToString(deterministic=True)
        check(dtype, content, shape, full)
        out["content_b64"] = b64(content)
    if expect is not None:
        out["expect"] = [json_value(kind, value) for value in expect]
    return out


def tensors() -> list[dict]:
    out = []
    for dtype, (_, kind, sample) in SAMPLES.items():
        sample = [exact(dtype, value) for value in sample]
        short = dtype.removeprefix("DT_").lower()
        one, other = (sample[1], sample[2])
        zero = {"bytes": b"", "bool": False, "complex": 0j, "float": 0.0}.get(kind, 0)
        out.append(record(f"{short} vector", dtype, [len(sample)], sample))
        out.append(record(f"{short} scalar", dtype, [], [one]))
        out.append(record(f"{short} empty", dtype, [0], []))
        out.append(record(f"{short} rank 2", dtype, [2, 3], (sample * 3)[:6]))
        out.append(record(f"{short} last value repeated", dtype, [2, 3], [one, other], expect=[one] + [other] * 5))
        out.append(record(f"{short} no values", dtype, [2, 2], [], expect=[zero] * 4))
    out.append(record("float rank 3", "DT_FLOAT", [2, 2, 3], [value / 4 for value in range(12)]))
    out.append(record("int64 rank 3 with an empty middle", "DT_INT64", [3, 0, 2], []))
    out.append(record("float long enough for a two-byte length", "DT_FLOAT", [100], [value / 8 for value in range(100)]))
    unpacked = typed_proto("DT_FLOAT", [2], []).SerializeToString() + b"".join(b"\x2d" + struct.pack("<f", value) for value in (1.5, -2.0))
    out.append(record("float unpacked", "DT_FLOAT", [2], [1.5, -2.0], expect=[1.5, -2.0], serialized=unpacked))
    unpacked = typed_proto("DT_INT64", [2], []).SerializeToString() + b"\x50\x05\x50" + b"\xff" * 9 + b"\x01"
    out.append(record("int64 unpacked", "DT_INT64", [2], [5, -1], expect=[5, -1], serialized=unpacked))
    return out


def message_records() -> list[dict]:
    out = []
    for name, message, always_print in messages.instances():
        as_json = json_format.MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=always_print)
        # Deterministic serialization orders the entries of a map by key; the JSON is put in the same order.
        as_json = json.loads(json.dumps(as_json, sort_keys=True))
        entry = {"name": name, "kind": message.DESCRIPTOR.name, "json": as_json, "b64": b64(message.SerializeToString(deterministic=True))}
        out.append({**entry, "always_print": True} if always_print else entry)
    return out


def write(path: Path, records: list[dict]) -> None:
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for record in records)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{path.name}: {len(records)} records, {path.stat().st_size} bytes")


if __name__ == "__main__":
    write(HERE / "tensors.json", tensors())
    write(HERE / "messages.json", message_records())
