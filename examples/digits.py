"""Handwritten digits (scikit-learn's, 8 x 8) that arrive as JPEG files inside serialized tf.Examples: parse, decode, score."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import recording

NAME = "digits"
VERSION = "1"
SIDE = 8


def encoded(image: np.ndarray) -> bytes:
    """A grey JPEG of an image whose pixels go from 0 to 16."""
    grey = np.round(image.reshape(SIDE, SIDE, 1) * (255 / 16)).astype("u1")
    return tf.io.encode_jpeg(grey, format="grayscale", quality=95).numpy()


def decoded(jpeg: tf.Tensor) -> tf.Tensor:
    """Any JPEG as SIDE x SIDE grey values from 0 to 1."""
    return tf.image.resize(tf.io.decode_jpeg(jpeg, channels=1), [SIDE, SIDE], antialias=True) / 255


def example(image: np.ndarray) -> bytes:
    return recording.tf_example(**{"image/encoded": [encoded(image)], "image/format": [b"jpeg"]})


def export(model: keras.Model) -> None:
    def predict_images(images: tf.Tensor) -> dict[str, tf.Tensor]:
        jpegs = tf.io.parse_example(images, {"image/encoded": tf.io.FixedLenFeature([], tf.string)})["image/encoded"]
        pixels = tf.map_fn(decoded, jpegs, fn_output_signature=tf.TensorSpec([SIDE, SIDE, 1], tf.float32))
        return {"scores": tf.nn.softmax(model(pixels))}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("predict_images", predict_images, input_signature=[tf.TensorSpec([None], tf.string, "images")])
    archive.write_out(recording.fresh_folder(NAME, VERSION), verbose=False)


def train(images: np.ndarray, digits: np.ndarray) -> keras.Model:
    pixels = np.stack([decoded(encoded(image)) for image in images])
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(pixels, digits, batch_size=32, epochs=25, verbose=0)
    return model


def record(images: np.ndarray, digits: np.ndarray) -> float:
    """Held-out accuracy."""
    out = recording.Recording(NAME)
    examples = [example(image) for image in images]
    out.predict("one image", VERSION, "predict_images", {"images": examples[:1]}, row=True)
    out.predict("four images", VERSION, "predict_images", {"images": examples[1:5]}, row=True)
    out.predict("columnar", VERSION, "predict_images", {"images": examples[5:7]})
    out.predict("columnar, named", VERSION, "predict_images", {"images": examples[7:9]}, named=True)
    out.save()
    scores = recording.Loaded(NAME, VERSION, "predict_images").run({"images": np.array(examples, dtype=object)})["scores"]
    return float(np.mean(scores.argmax(axis=1) == digits))


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    data, digits = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(data, digits, test_size=0.2, random_state=1, stratify=digits)
    export(train(train_x, train_y))
    print(f"{NAME}: accuracy {record(test_x, test_y):.3f} on {len(test_x)} held-out digits")
