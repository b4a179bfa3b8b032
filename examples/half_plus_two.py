"""y = x / 2 + 2, with the signatures that TensorFlow Serving's own test model has: predict, classify and regress.

The third constant comes from an asset, read when the model is loaded: y2 = x / 2 + 3 in version 123 and + 4 in version 124, so an answer
of `regress_x_to_y2` tells which version gave it.
"""

import tempfile
from pathlib import Path

import numpy as np

import recording
import tensorflow.compat.v1 as tf

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_eager_execution()
tf.disable_resource_variables()
NAME = "half_plus_two"


def export(version: str, constant: str, scratch: str) -> None:
    asset = Path(scratch) / "constant.txt"
    asset.write_text(constant)
    with tf.Graph().as_default(), tf.Session() as session:
        a = tf.get_variable("a", initializer=0.5)
        b = tf.get_variable("b", initializer=2.0)
        c = tf.get_variable("c", initializer=0.0)
        path = tf.constant(str(asset), name="constant_path")
        tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, path)
        read_asset = tf.group(tf.assign(c, tf.strings.to_number(tf.io.read_file(path))), name="read_asset")

        serialized = tf.placeholder(tf.string, [None], name="tf_example")
        features = tf.io.parse_example(serialized, {"x": tf.io.FixedLenFeature([1], tf.float32), "x2": tf.io.FixedLenFeature([1], tf.float32, [0.0])})
        x = tf.identity(features["x"], name="x")
        y = tf.add(a * x, b, name="y")
        y2 = tf.add(a * x, c, name="y2")
        y3 = tf.add(a * tf.identity(features["x2"], name="x2"), c, name="y3")
        session.run(tf.global_variables_initializer())

        api = tf.saved_model
        predict = api.predict_signature_def({"x": x}, {"y": y})
        classify = api.classification_signature_def(serialized, classes=None, scores=y)
        regress_y = api.regression_signature_def(serialized, y)
        regress_y2 = api.regression_signature_def(serialized, y2)
        regress_y3 = api.regression_signature_def(serialized, y3)
        builder = api.Builder(recording.fresh_folder(NAME, version))
        builder.add_meta_graph_and_variables(
            session,
            [api.SERVING],
            signature_def_map={
                "serving_default": predict,
                "classify_x_to_y": classify,
                "regress_x_to_y": regress_y,
                "regress_x_to_y2": regress_y2,
                "regress_x2_to_y3": regress_y3,
            },
            assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
            main_op=read_asset,
            strip_default_attrs=True,
        )
        builder.save()


def record() -> float:
    """The largest error over a range of inputs."""
    out = recording.Recording(NAME)
    for version in ("00000123", "00000124"):
        out.predict(f"one row, {int(version)}", version, "serving_default", {"x": [[1.0]]}, row=True)
        rows = out.predict(f"three rows, {int(version)}", version, "serving_default", {"x": [[1.0], [2.0], [5.0]]}, row=True)
        assert rows["y"].tolist() == [[2.5], [3.0], [4.5]]
        out.predict(f"plain numbers, {int(version)}", version, "serving_default", {"x": [1.0, 2.0, 5.0]}, row=True)
        out.predict(f"columnar, {int(version)}", version, "serving_default", {"x": [[-4.0], [0.125], [1e6]]})
        examples = [{"x": [2.5], "x2": [4.25]}, {"x": [-1.5]}]
        out.classify(f"classify two examples, {int(version)}", version, "classify_x_to_y", examples)
        out.regress(f"regress two examples, {int(version)}", version, "regress_x_to_y", examples)
        out.regress(f"regress to y2, {int(version)}", version, "regress_x_to_y2", examples)
        out.regress(f"regress x2 to y3, {int(version)}", version, "regress_x2_to_y3", examples)
    unseen = np.linspace(-100, 100, 401).reshape(-1, 1)
    answers = recording.Loaded(NAME, "00000124", "serving_default").run({"x": unseen.astype("f")})["y"]
    out.save()
    return float(np.abs(answers - (unseen / 2 + 2)).max())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        export("00000123", "3", scratch)
        export("00000124", "4", scratch)
    print(f"{NAME}: largest error over 401 inputs {record():.1e}")
