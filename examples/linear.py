"""A Keras regression: the price of a flat from four figures, exported by Keras itself under the default signature."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

import recording

NAME = "linear"
VERSION = "1"


def flats(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Area in square metres, rooms, age in years, km to the centre; and a price in thousands that depends on them, with noise."""
    random = np.random.default_rng(1)
    area = random.uniform(25, 150, count)
    rooms = np.round(area / 30 + random.uniform(0, 2, count))
    age = random.uniform(0, 80, count)
    distance = random.uniform(0, 25, count)
    price = 190 + 3.2 * area + 9 * rooms - 0.8 * age - 6.5 * distance + random.normal(0, 15, count)
    features = np.round(np.stack([area, rooms, age, distance], axis=1), 1)
    return features.astype("f"), price.astype("f").reshape(-1, 1)


def train(features: np.ndarray, prices: np.ndarray) -> keras.Model:
    scale = keras.layers.Normalization()
    scale.adapt(features)
    model = keras.Sequential([keras.Input((4,), name="features"), scale, keras.layers.Dense(1, name="price")])
    model.compile(keras.optimizers.Adam(1.0), "mse")
    model.fit(features, prices, batch_size=64, epochs=120, verbose=0)
    return model


def record(features: np.ndarray, prices: np.ndarray) -> float:
    """R squared: the share of the variance that the model explains."""
    loaded = recording.Loaded(NAME, VERSION, recording.DEFAULT)
    (alias,) = loaded.signature.inputs
    (answer,) = loaded.signature.outputs
    out = recording.Recording(NAME)
    out.predict("one flat", VERSION, recording.DEFAULT, {alias: features[:1]}, row=True)
    out.predict("five flats", VERSION, recording.DEFAULT, {alias: features[1:6]}, row=True)
    out.predict("columnar", VERSION, recording.DEFAULT, {alias: features[6:8]})
    out.predict("columnar, named", VERSION, recording.DEFAULT, {alias: features[8:10]}, named=True)
    out.save()
    errors = loaded.run({alias: features})[answer] - prices
    return float(1 - np.square(errors).sum() / np.square(prices - prices.mean()).sum())


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    features, prices = flats(1000)
    train(features[:800], prices[:800]).export(recording.fresh_folder(NAME, VERSION), verbose=False)
    print(f"{NAME}: R squared {record(features[800:], prices[800:]):.3f} on 200 held-out flats")
