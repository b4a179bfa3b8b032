"""Handwritten digits (scikit-learn's, 8 x 8), written with TensorFlow 1's SavedModelBuilder, under two signatures on one graph:
`predict_images` takes pixels and the scalar `keep_prob` of its dropout; the default one classifies serialized tf.Examples.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import recording
import tensorflow.compat.v1 as tf

tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_eager_execution()
tf.disable_resource_variables()
NAME = "mnist_two_signatures"
VERSION = "1"

pixels, digits = load_digits(return_X_y=True)
train_x, test_x, train_y, test_y = train_test_split(pixels.astype("i8"), digits, test_size=0.2, random_state=1, stratify=digits)


def dense(x, size: int, name: str):
    with tf.variable_scope(name):
        weights = tf.get_variable("weights", [x.shape[1], size], initializer=tf.glorot_uniform_initializer(seed=size))
        return x @ weights + tf.get_variable("bias", [size], initializer=tf.zeros_initializer())


def train(session, step, x, keep_prob, labels) -> None:
    random = np.random.default_rng(1)
    for _ in range(40):
        order = random.permutation(len(train_x))
        for rows in np.array_split(order, len(order) // 32):
            session.run(step, {x: train_x[rows] / 16, labels: train_y[rows], keep_prob: 0.7})


def export() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(1)
        serialized = tf.placeholder(tf.string, [None], name="tf_example")
        features = tf.io.parse_example(serialized, {"pixels": tf.io.FixedLenFeature([64], tf.int64)})
        x = tf.identity(tf.cast(features["pixels"], tf.float32) / 16, name="x")
        keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
        hidden = tf.nn.relu(dense(x, 64, "hidden"))
        # Not tf.nn.dropout: its random numbers would be drawn, and could differ, even where nothing is dropped.
        kept = tf.cond(keep_prob < 1.0, lambda: tf.nn.dropout(hidden, rate=1 - keep_prob, seed=1), lambda: hidden)
        logits = dense(kept, 10, "logits")
        scores = tf.nn.softmax(logits, name="scores")

        labels = tf.placeholder(tf.int64, [None], name="labels")
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        step = tf.train.AdamOptimizer(0.003).minimize(loss)
        session.run(tf.global_variables_initializer())
        train(session, step, x, keep_prob, labels)

        best, indices = tf.nn.top_k(scores, 10)
        names = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(np.arange(10), [f"digit {i}" for i in range(10)]), "")
        classes = names.lookup(tf.cast(indices, tf.int64))

        api = tf.saved_model
        builder = api.Builder(recording.fresh_folder(NAME, VERSION))
        builder.add_meta_graph_and_variables(
            session,
            [api.SERVING],
            signature_def_map={
                "predict_images": api.predict_signature_def({"images": x, "keep_prob": keep_prob}, {"scores": scores}),
                "serving_default": api.classification_signature_def(serialized, classes=classes, scores=best),
            },
            main_op=tf.tables_initializer(),
            saver=tf.train.Saver(tf.trainable_variables()),
            strip_default_attrs=True,
        )
        builder.save()


def record() -> float:
    """Held-out accuracy, through the default signature."""
    out = recording.Recording(NAME)
    images = (test_x / 16).astype("f")
    out.predict("one image", VERSION, "predict_images", {"images": images[:1], "keep_prob": 1.0})
    out.predict("four images", VERSION, "predict_images", {"images": images[1:5], "keep_prob": 1.0})
    out.classify("one example", VERSION, "serving_default", [{"pixels": test_x[5].tolist()}])
    out.classify("three examples", VERSION, "serving_default", [{"pixels": row.tolist()} for row in test_x[6:9]])
    out.save()
    examples = np.array([recording.tf_example(pixels=row.tolist()) for row in test_x], dtype=object)
    classes = recording.Loaded(NAME, VERSION, "serving_default").run({"inputs": examples})["classes"]
    return float(np.mean([row[0].decode() == f"digit {digit}" for row, digit in zip(classes, test_y)]))


if __name__ == "__main__":
    export()
    print(f"{NAME}: accuracy {record():.3f} on {len(test_x)} held-out digits")
