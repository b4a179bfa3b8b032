"""Marks drawn circles, squares and triangles in a picture: images plus `height` and `width` in, a mask of that size out, as DeepLab is called.

The mask holds 0 for background, 1 for circle, 2 for square, 3 for triangle.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import recording

NAME = "segment"
VERSION = "1"
SIDE = 24
EPOCHS = 10
CLASSES = ["background", "circle", "square", "triangle"]


def inside(kind: int, size: float, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which pixels a shape covers; `down` and `right` are distances from its middle, `size` is half its height."""
    if kind == 1:
        return down**2 + right**2 <= size**2
    if kind == 2:
        return np.maximum(abs(down), abs(right)) <= size * 0.9
    return (down <= size * 0.8) & (abs(right) <= (down + size) * 0.6)


def draw(random: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of one or two shapes in any colours, with noise, and its mask."""
    rows, columns = np.mgrid[:side, :side]
    colours = [random.uniform(0, 255, 3)]
    image = np.broadcast_to(colours[0], (side, side, 3)).copy()
    mask = np.zeros((side, side), dtype="i8")
    for _ in range(random.integers(1, 3)):
        kind, size = random.integers(1, 4), random.uniform(4, 7)
        middle = random.uniform(size, side - size, 2)
        covered = inside(kind, size, rows - middle[0], columns - middle[1])
        colour = random.uniform(0, 255, 3)
        while min(abs(colour - other).max() for other in colours) < 70:
            colour = random.uniform(0, 255, 3)
        colours.append(colour)
        if (mask[covered] == 0).all():
            image[covered], mask[covered] = colour, kind
    noisy = image + random.normal(0, 8, image.shape)
    return np.clip(np.round(noisy), 0, 255).astype("u1"), mask


def pictures(seed: int, count: int, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    images, masks = zip(*(draw(random, side) for _ in range(count)))
    return np.stack(images), np.stack(masks)


def train(images: np.ndarray, masks: np.ndarray) -> keras.Model:
    layers = keras.layers
    given = keras.Input((None, None, 3))
    seen = layers.Rescaling(1 / 127.5, -1)(given)
    for spread in (1, 2, 4, 2, 1):
        seen = layers.Conv2D(24, 3, padding="same", dilation_rate=spread, activation="relu")(seen)
    model = keras.Model(given, layers.Conv2D(len(CLASSES), 1)(seen))
    rate = keras.optimizers.schedules.CosineDecay(0.004, EPOCHS * len(images) // 32)
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images.astype("f"), masks, batch_size=32, epochs=EPOCHS, verbose=0)
    return model


def clear(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The images in which every pixel's class wins by so much that rounding, which differs from one processor to another, can't turn it."""
    best = np.sort(model.predict(images.astype("f"), verbose=0), axis=3)
    return images[(best[..., -1] - best[..., -2]).min(axis=(1, 2)) > 0.01]


def export(model: keras.Model) -> None:
    specs = [tf.TensorSpec([None, None, None, 3], tf.uint8, "image"), tf.TensorSpec([], tf.int32, "height"), tf.TensorSpec([], tf.int32, "width")]

    @tf.function(input_signature=specs)
    def segment(image: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> dict[str, tf.Tensor]:
        classes = tf.argmax(model(tf.cast(image, tf.float32)), axis=3)[..., tf.newaxis]
        resized = tf.image.resize(classes, tf.stack([height, width]), tf.image.ResizeMethod.NEAREST_NEIGHBOR)
        return {"mask": tf.squeeze(resized, axis=3)}

    module = tf.Module()
    module.variables_of_model = [variable.value for variable in model.variables]
    tf.saved_model.save(module, recording.fresh_folder(NAME, VERSION), {"serving_default": segment})


def record(model: keras.Model, images: np.ndarray) -> None:
    out = recording.Recording(NAME)
    first, second = clear(model, images)[:2]
    small = clear(model, pictures(seed=3, count=100, side=16)[0])[:2]
    out.predict("one image", VERSION, recording.DEFAULT, {"image": [first], "height": SIDE, "width": SIDE})
    out.predict("another size of mask", VERSION, recording.DEFAULT, {"image": [second], "height": 10, "width": 30})
    out.predict("two images of another size", VERSION, recording.DEFAULT, {"image": small, "height": 16, "width": 16})
    out.save()


def measure(images: np.ndarray, masks: np.ndarray) -> tuple[float, float]:
    """The share of pixels that are right, and the mean over the classes of overlap / union."""
    asked = {"image": images, "height": np.int32(SIDE), "width": np.int32(SIDE)}
    answer = recording.Loaded(NAME, VERSION, recording.DEFAULT).run(asked)["mask"]
    overlaps = [np.sum((answer == i) & (masks == i)) / np.sum((answer == i) | (masks == i)) for i in range(len(CLASSES))]
    return float(np.mean(answer == masks)), float(np.mean(overlaps))


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    model = train(*pictures(seed=1, count=2000))
    export(model)
    images, masks = pictures(seed=2, count=200)
    record(model, images)
    right, overlap = measure(images, masks)
    print(f"{NAME}: {right:.3f} of the pixels right, mean overlap {overlap:.3f} on {len(images)} held-out pictures")
