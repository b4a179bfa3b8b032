"""Writes the models and payloads that only benchmarks need: `models.py FOLDER`.

image_mean  y[n] = mean of x[n, 224, 224, 3]: as little work as a model can have, behind as much input as an image is.
jpeg_mean   the same of serialized tf.Examples that hold a JPEG under "image".
jpeg_size   y[n] = how many bytes that JPEG has, so that there is next to nothing for the model to do.
cnn         y[n, 10] of x[n, 32, 32, 3]: twelve convolutions with random weights, 0.8 GFLOP a row, so that the model is what takes time.
cnn_input   y[n] = mean of such an x, without the convolutions.
examples.json such tf.Examples in base64, and what the two answer for each; expected.json what cnn answers for a row of ramp().
"""

import base64
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

SIDE = 224


class ImageMean(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32, name="x")])
    def serve(self, x):
        return {"y": tf.reduce_mean(x, [1, 2, 3])}


class JpegMean(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        images = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})["image"]

        def mean(jpeg):
            return tf.reduce_mean(tf.cast(tf.ensure_shape(tf.io.decode_jpeg(jpeg, channels=3), [SIDE, SIDE, 3]), tf.float32))

        return {"y": tf.map_fn(mean, images, fn_output_signature=tf.float32)}


class JpegSize(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        images = tf.io.parse_example(examples, {"image": tf.io.FixedLenFeature([], tf.string)})["image"]
        return {"y": tf.cast(tf.strings.length(images), tf.float32)}


class Cnn(tf.Module):
    SIDE, CHANNELS, CLASSES, LAYERS = 32, 64, 10, 11

    def __init__(self):
        random = np.random.default_rng(11)

        def weights(*shape):
            return tf.Variable(random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32))

        self.stem = weights(3, 3, 3, self.CHANNELS)
        self.layers = [weights(3, 3, self.CHANNELS, self.CHANNELS) for _ in range(self.LAYERS)]
        self.head = weights(self.CHANNELS, self.CLASSES)

    @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32, name="x")])
    def serve(self, x):
        for weights in [self.stem, *self.layers]:
            x = tf.nn.relu(tf.nn.conv2d(x, weights, 1, "SAME"))
        return {"y": tf.reduce_mean(x, [1, 2]) @ self.head}


class CnnInput(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, Cnn.SIDE, Cnn.SIDE, 3], tf.float32, name="x")])
    def serve(self, x):
        return {"y": tf.reduce_mean(x, [1, 2, 3])}


def ramp() -> np.ndarray:
    """A row for the CNN that a program in another language can make too."""
    count = Cnn.SIDE * Cnn.SIDE * 3
    return (np.arange(count, dtype=np.float32) % 256 / 256).reshape(1, Cnn.SIDE, Cnn.SIDE, 3)


def photo(seed: int) -> np.ndarray:
    """Soft shapes and a little noise, so that its JPEG is about as large as a photo's."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = [np.sin(2 * np.pi * (random.uniform(1, 12) * x + random.uniform(1, 12) * y + random.uniform())) for _ in range(9)]
    image = np.stack([sum(waves[channel::3]) for channel in range(3)], -1)
    return np.clip(random.uniform(90, 160) + 35 * image + random.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def write(folder: Path) -> None:
    modules = {
        "image_mean": ImageMean(),
        "jpeg_mean": JpegMean(),
        "jpeg_size": JpegSize(),
        "cnn": Cnn(),
        "cnn_input": CnnInput(),
    }
    for name, module in modules.items():
        tf.saved_model.save(module, str(folder / name / "1"), signatures=module.serve)
    examples = []
    for seed in range(8):
        jpeg = tf.io.encode_jpeg(photo(seed), quality=90).numpy()
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg]))
        example = tf.train.Example(features=tf.train.Features(feature={"image": feature})).SerializeToString()
        want = {name: float(modules[name].serve(tf.constant([example]))["y"][0]) for name in ("jpeg_mean", "jpeg_size")}
        examples.append({"base64": base64.b64encode(example).decode(), "want": want})
    (folder / "examples.json").write_text(json.dumps(examples))
    logits = modules["cnn"].serve(tf.constant(ramp()))["y"][0].numpy().tolist()
    (folder / "expected.json").write_text(json.dumps({"cnn": logits}))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
