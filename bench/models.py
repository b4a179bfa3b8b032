"""Writes the models and payloads that only benchmarks need: `models.py FOLDER`.

image_mean  y[n] = mean of x[n, 224, 224, 3]: as little work as a model can have, behind as much input as an image is.
jpeg_mean   the same of serialized tf.Examples that hold a JPEG under "image".
example.bin such a tf.Example; expected.json what the model answers for it.
"""

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


def photo() -> np.ndarray:
    """Soft shapes and a little noise, so that its JPEG is about as large as a photo's."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = [np.sin(2 * np.pi * (random.uniform(1, 12) * x + random.uniform(1, 12) * y + random.uniform())) for _ in range(9)]
    image = np.stack([sum(waves[channel::3]) for channel in range(3)], -1)
    return np.clip(127 + 35 * image + random.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def write(folder: Path) -> None:
    for name, module in {"image_mean": ImageMean(), "jpeg_mean": JpegMean()}.items():
        tf.saved_model.save(module, str(folder / name / "1"), signatures=module.serve)
    jpeg = tf.io.encode_jpeg(photo(), quality=90).numpy()
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[jpeg]))
    example = tf.train.Example(features=tf.train.Features(feature={"image": feature})).SerializeToString()
    (folder / "example.bin").write_bytes(example)
    expected = float(JpegMean().serve(tf.constant([example]))["y"][0])
    (folder / "expected.json").write_text(json.dumps({"jpeg_mean": expected, "jpeg_bytes": len(jpeg)}))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
