"""Runs an exported SavedModel and keeps what went in and what came out, as examples/recorded/NAME.json.

The answers come from a TensorFlow session over the files on disk, the way a server loads them, not from the Python objects that were exported.
"""

import base64
import json
import os
import shutil
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import config_pb2

tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
EXAMPLES = Path(__file__).parent
DEFAULT = "serving_default"


def fresh_folder(name: str, version: str) -> str:
    """The folder to export one version to, emptied of what an earlier run left there."""
    folder = EXAMPLES / "models" / name / version
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return str(folder)


def tf_example(**features: list) -> bytes:
    """A serialized tf.Example; a feature's kind follows its first value (bytes, float or int)."""
    built = {}
    for name, values in features.items():
        if isinstance(values[0], bytes):
            built[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif isinstance(values[0], float):
            built[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            built[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=built)).SerializeToString(deterministic=True)


def to_json(value):
    """An array or a scalar as JSON: floats by their shortest text, bytes as {"b64": ...}."""
    if isinstance(value, np.ndarray):
        return [to_json(inner) for inner in value] if value.ndim else to_json(value[()])
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, np.floating):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def as_text(value):
    return value.decode() if isinstance(value, bytes) else value


def described(array: np.ndarray, dtype: tf.DType, text: bool = False) -> dict:
    """`text` writes strings as they read; else they are bytes."""
    values = [to_json(as_text(value) if text else value) for value in array.reshape(-1)]
    return {"dtype": types_pb2.DataType.Name(dtype.as_datatype_enum), "shape": list(array.shape), "values": values}


class Recording:
    """The cases of one model. `predict`, `classify` and `regress` add one each; `save` writes the file."""

    def __init__(self, name: str):
        self.name = name
        self.cases: list[dict] = []

    def predict(self, case: str, version: str, signature: str, inputs: dict, row: bool = False, named: bool = False) -> dict[str, np.ndarray]:
        """Asks with `inputs`, in row or columnar form, and gives the outputs. In row form each row must answer the same alone.

        `named` spells the input's name out also where there is only one and the name could be left away.
        """
        loaded = Loaded(self.name, version, signature)
        arrays = {alias: np.asarray(value, dtype=loaded.dtype(alias).as_numpy_dtype) for alias, value in inputs.items()}
        outputs = loaded.run(arrays)
        if row:
            count = len(next(iter(arrays.values())))
            for i in range(count):
                alone = loaded.run({alias: array[i : i + 1] for alias, array in arrays.items()})
                assert_same({alias: array[i : i + 1] for alias, array in outputs.items()}, alone)
            rows = [{alias: to_json(array[i]) for alias, array in arrays.items()} for i in range(count)]
            body = {"instances": rows if named or len(arrays) > 1 else [next(iter(each.values())) for each in rows]}
        else:
            columns = {alias: to_json(array) for alias, array in arrays.items()}
            body = {"inputs": columns if named or len(columns) > 1 else next(iter(columns.values()))}
        self._add(
            case,
            "predict",
            version,
            signature,
            body,
            row=row,
            inputs={alias: described(array, loaded.dtype(alias)) for alias, array in arrays.items()},
            outputs={alias: described(array, loaded.output_dtype(alias), text=True) for alias, array in outputs.items()},
        )
        return outputs

    def classify(self, case: str, version: str, signature: str, examples: list[dict]) -> list:
        """`examples` are features by name; a signature without classes answers with empty labels."""

        def results(outputs):
            scores = outputs["scores"]
            classes = outputs.get("classes", np.full(scores.shape, b"", dtype=object))
            return [[[as_text(label), to_json(score)] for label, score in zip(*row)] for row in zip(classes, scores)]

        return self._on_examples(case, "classify", version, signature, examples, results)

    def regress(self, case: str, version: str, signature: str, examples: list[dict]) -> list:
        return self._on_examples(case, "regress", version, signature, examples, lambda outputs: to_json(outputs["outputs"].reshape(-1)))

    def _on_examples(self, case: str, method: str, version: str, signature: str, examples: list[dict], results) -> list:
        # A JSON writer may spell 2.0 as 2, and a whole number would make an int64 feature of it.
        assert not any(isinstance(value, float) and value.is_integer() for features in examples for values in features.values() for value in values)
        loaded = Loaded(self.name, version, signature)
        serialized = [tf_example(**features) for features in examples]
        outputs = loaded.run({"inputs": np.array(serialized, dtype=object)})
        for i, one in enumerate(serialized):
            alone = loaded.run({"inputs": np.array([one], dtype=object)})
            assert_same({alias: array[i : i + 1] for alias, array in outputs.items()}, alone)
        body = {"examples": [{name: [to_json(value) for value in values] for name, values in features.items()} for features in examples]}
        encoded = [to_json(one)["b64"] for one in serialized]
        self._add(case, method, version, signature, body, row=True, examples_b64=encoded, results=results(outputs))
        return self.cases[-1]["results"]

    def _add(self, case: str, method: str, version: str, signature: str, body: dict, row: bool, **rest) -> None:
        request = {**({} if signature == DEFAULT else {"signature_name": signature}), **body}
        number = str(int(version))
        self.cases.append({"name": case, "method": method, "version": number, "signature": signature, "request": request, "row": row, **rest})

    def save(self) -> None:
        path = EXAMPLES / "recorded" / f"{self.name}.json"
        path.parent.mkdir(exist_ok=True)
        lines = ",\n".join(json.dumps(case, ensure_ascii=False, allow_nan=False, separators=(",", ":")) for case in self.cases)
        path.write_text(f'{{"model":"{self.name}","cases":[\n{lines}\n]}}\n', encoding="utf-8")


class Loaded:
    """One signature of an exported version, in a session of its own."""

    def __init__(self, name: str, version: str, signature: str):
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            folder = str(EXAMPLES / "models" / name / version)
            self.signature = tf.compat.v1.saved_model.load(self.session, ["serve"], folder).signature_def[signature]

    def dtype(self, alias: str) -> tf.DType:
        return tf.dtypes.as_dtype(self.signature.inputs[alias].dtype)

    def output_dtype(self, alias: str) -> tf.DType:
        return tf.dtypes.as_dtype(self.signature.outputs[alias].dtype)

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        # Session.run would refuse an array whose shape differs from the signature's; a server leaves that to the graph, and so does a callable.
        options = config_pb2.CallableOptions()
        options.feed.extend(self.signature.inputs[alias].name for alias in inputs)
        aliases = sorted(self.signature.outputs)
        options.fetch.extend(self.signature.outputs[alias].name for alias in aliases)
        return dict(zip(aliases, self.session._make_callable_from_options(options)(*inputs.values())))


def assert_same(rows: dict[str, np.ndarray], alone: dict[str, np.ndarray]) -> None:
    """Fails when a row's answer depends on its neighbours, as merged requests would show it to a stranger."""
    for alias, array in rows.items():
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array, alone[alias], rtol=1e-5, atol=1e-7)
        else:
            np.testing.assert_array_equal(array, alone[alias])
