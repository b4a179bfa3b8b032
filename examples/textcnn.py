"""A convolutional classifier of Chinese sentences, by character: sport, finance, technology or food. Its words come from data/corpus.tsv.

The client turns a sentence into ids with the vocabulary: the id of a character is its line in assets/vocabulary.txt, counted from 0.
The label of an answer comes from a table that is filled from assets/labels.txt when the model is loaded.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split

import recording

NAME = "textcnn"
VERSION = "1"
LENGTH = 24
PAD, UNKNOWN = 0, 1


def read_corpus() -> tuple[list[str], list[str]]:
    lines = (recording.EXAMPLES / "data" / "corpus.tsv").read_text(encoding="utf-8").splitlines()
    labels, sentences = zip(*(line.split("\t") for line in lines))
    return list(sentences), list(labels)


def to_ids(sentence: str, vocabulary: list[str]) -> list[int]:
    known = {character: i for i, character in enumerate(vocabulary)}
    ids = [known.get(character, UNKNOWN) for character in sentence][:LENGTH]
    return ids + [PAD] * (LENGTH - len(ids))


def train(texts: np.ndarray, labels: np.ndarray, words: int, classes: int) -> keras.Model:
    layers = keras.layers
    ids = keras.Input((LENGTH,), dtype="int32")
    embedded = layers.SpatialDropout1D(0.2)(layers.Embedding(words, 24)(ids))
    pooled = [layers.GlobalMaxPooling1D()(layers.Conv1D(32, width, activation="relu")(embedded)) for width in (1, 2, 3)]
    logits = layers.Dense(classes)(layers.Dropout(0.5)(layers.concatenate(pooled)))
    model = keras.Model(ids, logits)
    model.compile(keras.optimizers.Adam(0.003), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    # Some characters are hidden in each copy, so that one which training never saw is no surprise.
    random = np.random.default_rng(1)
    copies = np.concatenate([np.where((random.random(texts.shape) < 0.15) & (texts != PAD), UNKNOWN, texts) for _ in range(8)])
    model.fit(copies, np.tile(labels, 8), batch_size=32, epochs=12, verbose=0)
    return model


def export(model: keras.Model, vocabulary: list[str], names: list[str], folder: Path) -> None:
    (folder / "vocabulary.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (folder / "labels.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    by_line = tf.lookup.TextFileInitializer(
        str(folder / "labels.txt"), tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE
    )
    labels = tf.lookup.StaticHashTable(by_line, "")

    @tf.function(input_signature=[tf.TensorSpec([None, LENGTH], tf.int32, "texts")])
    def predict_categories(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        scores = tf.nn.softmax(model(texts))
        return {"pred_cates": labels.lookup(tf.argmax(scores, axis=1)), "pred_score": tf.reduce_max(scores, axis=1)}

    module = tf.Module()
    module.variables_of_model = [variable.value for variable in model.variables]
    module.labels = labels
    module.vocabulary = tf.saved_model.Asset(str(folder / "vocabulary.txt"))
    tf.saved_model.save(module, recording.fresh_folder(NAME, VERSION), {"predict_categories": predict_categories})


def record(texts: np.ndarray, expected: list[str]) -> float:
    """Held-out accuracy."""
    out = recording.Recording(NAME)
    out.predict("one sentence", VERSION, "predict_categories", {"texts": texts[:1]}, row=True)
    out.predict("five sentences", VERSION, "predict_categories", {"texts": texts[1:6]}, row=True)
    out.predict("named rows", VERSION, "predict_categories", {"texts": texts[9:11]}, row=True, named=True)
    out.predict("columnar", VERSION, "predict_categories", {"texts": texts[6:9]})
    out.save()
    labels = recording.Loaded(NAME, VERSION, "predict_categories").run({"texts": texts})["pred_cates"]
    return float(np.mean([label.decode() == wanted for label, wanted in zip(labels, expected)]))


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    tf.config.experimental.enable_op_determinism()
    sentences, labels = read_corpus()
    train_x, test_x, train_y, test_y = train_test_split(sentences, labels, test_size=0.2, random_state=1, stratify=labels)
    names = sorted(set(labels))
    vocabulary = ["<pad>", "<unknown>", *sorted(set("".join(train_x)))]
    ids = {split: np.array([to_ids(sentence, vocabulary) for sentence in part], dtype="i4") for split, part in (("train", train_x), ("test", test_x))}
    model = train(ids["train"], np.array([names.index(label) for label in train_y]), len(vocabulary), len(names))
    with tempfile.TemporaryDirectory() as scratch:
        export(model, vocabulary, names, Path(scratch))
    print(f"{NAME}: accuracy {record(ids['test'], test_y):.3f} on {len(test_x)} held-out sentences")
