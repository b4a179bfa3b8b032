"""Writes the SavedModels beside this file: `python make.py [name ...]` with TensorFlow 2.21 (tensorflow-cpu). They are kept in the repository."""

import os
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tensorflow as tf

v1 = tf.compat.v1
HERE = os.path.dirname(os.path.abspath(__file__))
PREDICT = "tensorflow/serving/predict"
# Relative: TensorFlow writes the path of a vocabulary into the graph, as a part of its table's name.
WORDS = "words.txt"


def folder(name, version="1"):
    path = os.path.join(HERE, name, version)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def signature(inputs, outputs, method=PREDICT):
    info = v1.saved_model.build_tensor_info
    return v1.saved_model.build_signature_def(
        {k: info(t) for k, t in inputs.items()}, {k: info(t) for k, t in outputs.items()}, method
    )


def save(path, session, signatures, text=False, tags=("serve",), **more):
    builder = v1.saved_model.Builder(path)
    builder.add_meta_graph_and_variables(session, list(tags), signatures, strip_default_attrs=True, **more)
    builder.save(as_text=text)
    return builder


def graph(build):
    """Runs `build(session)` with a fresh TF1 graph."""
    with tf.Graph().as_default(), v1.Session() as session:
        build(session)


def every_dtype():
    names = """float double int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 qint32 bfloat16 qint16 quint16 uint16
        complex128 half uint32 uint64 float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz int4 uint4""".split()

    def build(session):
        signatures = {}
        for name in names:
            dtype = tf.dtypes.as_dtype({"float": "float32", "double": "float64"}.get(name, name))
            x = v1.placeholder(dtype, None, name=f"{name}_x")
            signatures[name] = signature({"x": x}, {"y": tf.identity(x, name=f"{name}_y")})
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="v", name="handle")
        signatures["resource"] = signature({}, {"y": handle})
        variant = tf.raw_ops.TensorListReserve(
            element_shape=tf.constant([1]), num_elements=tf.constant(3), element_dtype=tf.float32, name="list"
        )
        signatures["variant"] = signature({}, {"y": variant})
        save(folder("every_dtype"), session, signatures)

    graph(build)


def counter():
    def build(session):
        count = v1.Variable(0.0, name="count", use_resource=False)  # a reference variable: its signatures say float_ref
        delta = v1.placeholder(tf.float32, [], name="delta")
        session.run(v1.global_variables_initializer())
        signatures = {
            "get": signature({}, {"count": count._ref()}),
            "add": signature({"delta": delta}, {"count": v1.assign_add(count, delta, name="add")}),
        }
        save(folder("counter"), session, signatures)

    graph(build)


def strings():
    def build(session):
        x = v1.placeholder(tf.string, None, name="x")
        vocabulary = WORDS
        with open(vocabulary, "w", encoding="utf-8") as file:
            file.write("zero\none\ntwo\nдва\n")
        table = v1.lookup.StaticVocabularyTable(
            v1.lookup.TextFileInitializer(vocabulary, tf.string, v1.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
                                          v1.lookup.TextFileIndex.LINE_NUMBER), 1)
        kept = v1.Variable([""], name="kept", use_resource=True, validate_shape=False, shape=tf.TensorShape(None), dtype=tf.string)
        with tf.control_dependencies([kept.assign(x, read_value=False)]):
            keep = tf.identity(x, name="keep")
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        signatures = {
            "serving_default": signature({"x": x}, {"y": tf.strings.upper(x, name="upper")}),
            "same": signature({"x": x}, {"y": tf.identity(x, name="same")}),
            "lengths": signature({"x": x}, {"y": tf.strings.length(x, name="lengths")}),
            "joined": signature({"x": x}, {"y": tf.strings.reduce_join(x, name="joined")}),
            "lookup": signature({"x": x}, {"y": tf.identity(table.lookup(x), name="found")}),
            "keep": signature({"x": x}, {"y": keep}),
            "kept": signature({}, {"y": tf.identity(kept.read_value(), name="kept_now")}),
        }
        assets = v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)
        save(folder("strings"), session, signatures, assets_collection=assets, main_op=v1.tables_initializer())
        os.remove(vocabulary)

    graph(build)


def slow():
    def build(session):
        x = v1.placeholder(tf.float32, None, name="x")
        ms = v1.placeholder(tf.float32, [], name="ms")
        end = tf.timestamp() + tf.cast(ms, tf.float64) / 1000.0

        def spin(rounds):
            with tf.control_dependencies([rounds]):
                return rounds + 1

        def more(rounds):
            with tf.control_dependencies([rounds]):
                return tf.timestamp() < end

        v1.disable_control_flow_v2()
        rounds = v1.while_loop(more, spin, [tf.constant(0, tf.int64)], parallel_iterations=1)
        with tf.control_dependencies([rounds]):
            y = tf.identity(x, name="y")
        save(folder("slow"), session, {"serving_default": signature({"x": x, "ms": ms}, {"y": y})})

    graph(build)


def picky():
    def build(session):
        x = v1.placeholder(tf.float32, None, name="x")
        i = v1.placeholder(tf.int32, None, name="i")
        signatures = {
            "serving_default": signature({"x": x}, {"y": tf.debugging.check_numerics(x, "no NaN here", name="y")}),
            "gather": signature({"i": i}, {"y": tf.gather(tf.constant([10.0, 20.0, 30.0]), i, name="gathered")}),
        }
        save(folder("picky"), session, signatures)

    graph(build)


def half(session):
    x = v1.placeholder(tf.float32, None, name="x")
    y = tf.add(tf.multiply(x, 0.5), 2.0, name="y")
    return {"serving_default": signature({"x": x}, {"y": y})}


def text():
    graph(lambda session: save(folder("text"), session, half(session), text=True))


def tags():
    def build(session):
        builder = v1.saved_model.Builder(folder("tags"))
        builder.add_meta_graph_and_variables(session, ["train"], half(session), strip_default_attrs=True)
        builder.add_meta_graph(["serve", "special"], half(session), strip_default_attrs=True)
        builder.save()

    graph(build)


def lost_tensor():
    def build(session):
        signatures = half(session)
        for key, name in {"lost_op": "gone:0", "lost_output": "y:7", "not_a_tensor": "", "control": "^y"}.items():
            signatures[key] = v1.saved_model.build_signature_def(
                dict(signatures["serving_default"].inputs), dict(signatures["serving_default"].outputs), PREDICT
            )
            signatures[key].outputs["y"].name = name
        save(folder("lost_tensor"), session, signatures)

    graph(build)


def tf2():
    class Module(tf.Module):
        def __init__(self, words):
            super().__init__()
            self.weight = tf.Variable(0.5)
            initializer = tf.lookup.TextFileInitializer(words, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
                                                        tf.lookup.TextFileIndex.LINE_NUMBER)
            self.table = tf.lookup.StaticHashTable(initializer, -1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def scale(self, x):
            return {"y": x * self.weight + 2.0}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
        def lookup(self, words):
            return {"ids": self.table.lookup(words)}

    words = WORDS
    with open(words, "w", encoding="utf-8") as file:
        file.write("zero\none\ntwo\n")
    module = Module(words)
    path = folder("tf2")
    tf.saved_model.save(module, path, signatures={"serving_default": module.scale, "lookup": module.lookup},
                        options=tf.saved_model.SaveOptions(save_debug_info=False))
    shutil.rmtree(os.path.join(path, "assets.extra"), ignore_errors=True)
    os.remove(os.path.join(path, "fingerprint.pb"))
    os.remove(words)


def outputs():
    """Signatures whose answers differ in form: several outputs, other batch sizes, scalars, bytes, dtypes."""

    def build(session):
        x = v1.placeholder(tf.float32, None, name="x")
        n = v1.placeholder(tf.int64, None, name="n")
        s = v1.placeholder(tf.string, None, name="s")
        k = v1.placeholder(tf.float32, [], name="k")
        same_s = tf.identity(s, name="same_s")
        predict = signature({"x": x}, {"y": tf.identity(x, name="y")})
        lies = signature({"x": x}, {"y": tf.identity(x, name="y2")})
        lies.inputs["x"].dtype = tf.int32.as_datatype_enum
        defaults = signature({"x": x, "k": k}, {"y": tf.multiply(x, k, name="times")})
        defaults.defaults["k"].CopyFrom(tf.make_tensor_proto(0.5, tf.float32))
        signatures = {
            "serving_default": predict,
            "three": signature({"x": x, "n": n, "s": s}, {"x": tf.identity(x, name="x3"), "n": tf.identity(n, name="n3"), "s_bytes": same_s}),
            "one_bytes": signature({"s": s}, {"s_bytes": same_s}),
            "batches": signature({"x": x}, {"all": tf.identity(x, name="all"), "first": x[:1]}),
            "scalar": signature({"x": x}, {"sum": tf.reduce_sum(x, name="sum")}),
            "mixed": signature({"x": x}, {"y": tf.identity(x, name="y3"), "sum": tf.reduce_sum(x, name="sum2")}),
            "none": signature({"x": x}, {"y": x[:0]}),
            "none_of_two": signature({"x": x}, {"y": x[:0], "z": x[:0]}),
            "half": signature({"x": x}, {"y": tf.cast(x, tf.half, name="half")}),
            "bfloat16": signature({"x": x}, {"y": tf.cast(x, tf.bfloat16, name="bfloat16")}),
            "complex64": signature({"x": x}, {"y": tf.cast(x, tf.complex64, name="complex64")}),
            "double": signature({"x": x}, {"y": tf.divide(tf.cast(x, tf.float64), 3.0, name="thirds")}),
            "defaults": defaults,
            "lies": lies,
        }
        save(folder("outputs"), session, signatures)

    graph(build)


def features():
    """Classify and regress: what a tf.Example holds, and signatures that are not what the method wants."""
    classify, regress = "tensorflow/serving/classify", "tensorflow/serving/regress"

    def build(session):
        inputs = v1.placeholder(tf.string, [None], name="inputs")
        parsed = v1.io.parse_example(inputs, {
            "f": v1.io.FixedLenFeature([], tf.float32, -1.0),
            "i": v1.io.FixedLenFeature([], tf.int64, -1),
            "s": v1.io.FixedLenFeature([], tf.string, "none"),
        })
        f, i, s = parsed["f"], parsed["i"], parsed["s"]
        classes = tf.stack([s, tf.strings.as_string(i)], 1, name="classes")
        scores = tf.stack([f, tf.cast(i, tf.float32)], 1, name="scores")
        feed = {"inputs": inputs}
        fixed = tf.constant([[1.0, 2.0, 3.0]], name="fixed")
        signatures = {
            "serving_default": signature(feed, {"classes": classes, "scores": scores}, classify),
            "classes": signature(feed, {"classes": classes}, classify),
            "scores": signature(feed, {"scores": scores}, classify),
            "flat": signature(feed, {"outputs": f}, regress),
            "column": signature(feed, {"outputs": tf.expand_dims(f, 1, name="column")}, regress),
            "other_alias": signature({"examples": inputs}, {"outputs": f, "scores": scores}),
            "two_inputs": signature({"inputs": inputs, "more": inputs}, {"outputs": f}),
            "no_results": signature(feed, {"y": f}),
            "three_outputs": signature(feed, {"outputs": f, "scores": scores, "classes": classes}),
            "float_classes": signature(feed, {"classes": scores}, classify),
            "string_scores": signature(feed, {"scores": classes}, classify),
            "flat_scores": signature(feed, {"scores": f}, classify),
            "one_row": signature(feed, {"scores": fixed}, classify),
            "unequal": signature(feed, {"classes": classes, "scores": tf.concat([scores, scores], 1, name="four")}, classify),
            "wide": signature(feed, {"outputs": scores}, regress),
            "int_output": signature(feed, {"outputs": i}, regress),
            "one_value": signature(feed, {"outputs": tf.constant([1.0], name="one")}, regress),
        }
        save(folder("features"), session, signatures)

    graph(build)


def failing():
    """A signature for each way to fail: the graph's own code becomes the answer's."""

    def build(session):
        x = v1.placeholder(tf.float32, None, name="x")
        queue = tf.queue.FIFOQueue(1, [tf.float32], [[]], shared_name="queue")
        with tf.control_dependencies([queue.close()]):
            enqueue = queue.enqueue([1.0])
        with tf.control_dependencies([enqueue]):
            put = tf.identity(x, name="put")
        element = dict(output_types=[tf.int64], output_shapes=[[]])
        iterator, _ = tf.raw_ops.AnonymousIteratorV2(**element)
        empty = tf.raw_ops.RangeDataset(start=tf.constant(0, tf.int64), stop=tf.constant(0, tf.int64), step=tf.constant(1, tf.int64), **element)
        with tf.control_dependencies([tf.raw_ops.MakeIterator(dataset=empty, iterator=iterator)]):
            (take,) = tf.raw_ops.IteratorGetNext(iterator=iterator, **element)
        handle = tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="unset", name="handle")
        unset = tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32, name="unset")
        outputs = {
            "cancelled": put,
            "data_loss": tf.io.decode_compressed("no zlib", "ZLIB", name="inflated"),
            "failed_precondition": unset,
            "invalid_argument": tf.gather([1.0], 7, name="gathered"),
            "not_found": tf.io.read_file("/no/such/file", name="file"),
            "out_of_range": take,
        }
        save(folder("failing"), session, {name: signature({"x": x}, {"y": y}) for name, y in outputs.items()})

    graph(build)


def broken_graph():
    path = folder("broken_graph")
    os.makedirs(path)
    with open(os.path.join(path, "saved_model.pb"), "wb") as file:
        file.write(b"this is not a SavedModel\xff\xff")


def broken_variables():
    def build(session):
        weight = v1.Variable([1.0] * 16, name="weight", use_resource=True)
        session.run(v1.global_variables_initializer())
        x = v1.placeholder(tf.float32, None, name="x")
        path = folder("broken_variables")
        save(path, session, {"serving_default": signature({"x": x}, {"y": tf.multiply(x, weight, name="y")})})
        with open(os.path.join(path, "variables", "variables.data-00000-of-00001"), "r+b") as file:
            file.truncate(3)

    graph(build)


def unknown_op():
    def build(session):
        path = folder("unknown_op")
        save(path, session, half(session))
        file = os.path.join(path, "saved_model.pb")
        with open(file, "rb") as source:
            data = source.read()
        with open(file, "wb") as target:  # same length, so the lengths around it still hold
            target.write(data.replace(b"Mul", b"Mux"))

    graph(build)


def company():
    """Signatures by how their rows answer in company: alike, by what the batch is, not at all, or with an effect."""

    def build(session):
        v1.enable_control_flow_v2()
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        wide = v1.placeholder(tf.float32, [None, 512], name="wide")
        any_rank = v1.placeholder(tf.float32, None, name="any_rank")
        image = v1.placeholder(tf.float32, [None, None, None, 3], name="image")
        ids = v1.placeholder(tf.int64, [None], name="ids")
        masks = v1.placeholder(tf.bool, [None, 2], name="masks")
        words = v1.placeholder(tf.string, [None], name="words")
        eight = v1.placeholder(tf.float32, [8, 3], name="eight")
        scalar = v1.placeholder(tf.float32, [], name="scalar")
        rows = tf.shape(x)[0]
        count = v1.Variable(0.0, name="count", use_resource=True)
        kept = v1.Variable(3.0, name="kept", use_resource=True)
        old = v1.Variable(0.0, name="old", use_resource=False)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(
            tf.constant([0, 1], tf.int64), tf.constant([7, 8], tf.int64)), -1)
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])

        def untold(y):  # with a shape of which the signature says nothing
            return v1.placeholder_with_default(y, None)

        def after(*ops):
            with tf.control_dependencies(ops):
                return tf.identity(x)

        @tf.function
        def counting(x):
            count.assign_add(1.0)
            return x + 1.0

        @tf.function
        def drawing(x):
            return tf.cond(tf.reduce_sum(x) > 1e9, lambda: x + tf.random.uniform(tf.shape(x)), lambda: x)

        @tf.function
        def looping(x):
            return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 0.5), [0, x])[1]

        weights = tf.sin(tf.reshape(tf.range(512 * 64, dtype=tf.float32), [512, 64]))
        kernel = tf.sin(tf.reshape(tf.range(9.0 * 3 * 2), [3, 3, 3, 2]))
        pooled = tf.nn.max_pool2d(tf.nn.conv2d(image, kernel, 2, "VALID"), 8, 8, "VALID")
        # Two pools of 8 and a stride of 2: an image of 4 pixels leaves nothing to pool.
        pixels = tf.reduce_mean(tf.ensure_shape(pooled, [None, None, None, 2]), [1, 2])
        pixels = tf.debugging.check_numerics(pixels, "no pixels are left")
        lengths = tf.cast(ids, tf.int32) + 1
        answers = {
            "plain": ({"x": x}, x * 2.0 + kept),
            "two_inputs": ({"x": x, "ids": ids}, x + tf.cast(ids, tf.float32)[:, None]),
            "masked": ({"masks": masks}, tf.math.logical_xor(masks[:, 0], masks[:, 1])),
            "rounding": ({"wide": wide}, tf.matmul(wide, weights)),
            "half": ({"x": x}, tf.cast(tf.nn.softmax(x), tf.half)),
            "best": ({"x": x}, tf.argmax(x, 1)),
            "any_rank": ({"x": any_rank}, any_rank * 0.5),
            "any_rank_matrix": ({"x": any_rank}, tf.matmul(any_rank, tf.reshape(tf.range(8.0), [4, 2]))),
            "image": ({"image": image}, pixels),
            "looked_up": ({"ids": ids}, table.lookup(ids)),
            "gathered": ({"ids": ids}, tf.gather(tf.constant([5.0, 6.0]), ids)),
            "looping": ({"x": x}, looping(x)),
            "mapped": ({"x": x}, tf.map_fn(lambda row: row * 2.0, x)),
            "asserted": ({"x": x}, after(tf.debugging.assert_less(x, 1e9))),
            "hidden_rows": ({"x": x}, untold(x + 1.0)),
            # By what the batch is.
            "centred": ({"x": x}, x - tf.reduce_mean(x, 0)),
            "greatest": ({"x": x}, x / (1.0 + tf.reduce_max(tf.abs(x)))),
            "sorted": ({"x": x}, tf.sort(x, 0)),
            "numbered": ({"x": x}, x + tf.range(tf.cast(rows, tf.float32))[:, None]),
            "counted": ({"x": x}, x[:, 0] + tf.cast(rows, tf.float32)),
            "softmax": ({"x": any_rank}, tf.nn.softmax(any_rank)),
            "centred_matrix": ({"x": any_rank}, tf.cond(tf.rank(any_rank) > 1, lambda: any_rank - tf.reduce_mean(any_rank, 0), lambda: any_rank * 1.0)),
            "ranked": ({"x": x}, tf.gather(x, tf.argsort(x[:, 0], direction="DESCENDING"))),
            "crowded": ({"x": x}, x + tf.cast(rows > 4, tf.float32)),
            "padded": ({"ids": ids}, tf.sequence_mask(lengths)),
            "first_of_all": ({"masks": masks}, tf.logical_and(masks[:, 0], tf.reduce_all(masks[:, 1]))),
            # Not a row for each row.
            "total": ({"x": x}, tf.reduce_sum(x)),
            "hidden_total": ({"x": x}, untold(tf.reduce_sum(x))),
            "hidden_constant": ({"x": x}, untold(tf.constant([1.0, 2.0]))),
            "distinct": ({"x": x}, tf.unique(tf.reshape(x, [-1])).y[:1]),
            "eight": ({"x": eight}, eight + 1.0),
            "scalar": ({"x": scalar}, scalar + 1.0),
            "with_scalar": ({"x": x, "k": scalar}, x * scalar),
            "no_inputs": ({}, tf.constant([1.0])),
            # One at a time only.
            "single": ({"x": x}, v1.placeholder_with_default(tf.reshape(x, [1, 3]), [None, 3])),
            # With an effect.
            "counter": ({"x": x}, after(count.assign_add(1.0))),
            "old_counter": ({"x": x}, after(v1.assign_add(old, 1.0))),
            "called_counter": ({"x": x}, counting(x)),
            "noisy": ({"x": x}, x + tf.random.uniform(tf.shape(x))),
            "called_noise": ({"x": x}, drawing(x)),
            "drawn_in_vain": ({"x": x}, x + 0.0 * tf.random.uniform(tf.shape(x))),
            "noisy_counter": ({"x": x}, after(count.assign_add(tf.random.uniform([])))),
            "clock": ({"x": x}, x + tf.cast(tf.math.mod(tf.timestamp() * 1e3, 10.0), tf.float32)),
            "count_now": ({"x": x}, x[:, :1] * 0.0 + count),
            "printed": ({"x": x}, after(tf.print("a row"))),
            # Rows cannot be made up, or tell nothing.
            "words": ({"words": words}, tf.strings.upper(words)),
            "joined_words": ({"words": words}, tf.strings.join([words, tf.repeat(tf.strings.reduce_join(words), tf.size(words))])),
            "picky": ({"x": x}, after(tf.debugging.assert_greater(x, 1000.0))),
            "constant": ({"x": x}, tf.zeros_like(x)),
            "nothing": ({"x": x}, x * float("nan")),
        }
        signatures = {key: signature(inputs, {"y": tf.identity(y, name=f"{key}_y")}) for key, (inputs, y) in answers.items()}
        initialized = tf.group(v1.tables_initializer())
        save(folder("company"), session, signatures, main_op=initialized)
        v1.disable_control_flow_v2()

    graph(build)


MODELS = [company, every_dtype, counter, strings, slow, picky, text, tags, lost_tensor, tf2, outputs, features, failing, broken_graph, broken_variables, unknown_op]

if __name__ == "__main__":
    for make in MODELS:
        if len(sys.argv) == 1 or make.__name__ in sys.argv[1:]:
            make()
