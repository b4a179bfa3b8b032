"""Instances of each message of the TensorFlow Serving API, for make.py: (name, message, whether its JSON prints defaults too)."""

import tensorflow as tf
from google.protobuf import any_pb2, wrappers_pb2
from tensorflow.core.example import example_pb2, feature_pb2
from tensorflow.core.framework import tensor_shape_pb2, types_pb2
from tensorflow.core.protobuf import error_codes_pb2, meta_graph_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    prediction_log_pb2,
    regression_pb2,
)

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
PREDICT = "tensorflow/serving/predict"


def spec(name: str = "half_plus_two", version: int | None = None, label: str | None = None, signature: str = "") -> model_pb2.ModelSpec:
    out = model_pb2.ModelSpec(name=name, signature_name=signature)
    if version is not None:
        out.version.CopyFrom(wrappers_pb2.Int64Value(value=version))
    if label is not None:
        out.version_label = label
    return out


SPECS = {
    "name only": spec(),
    "version": spec(version=123),
    "version 0": spec(version=0),
    "negative version": spec(version=-1),
    "largest version": spec(version=2**63 - 1),
    "label": spec(label="canary"),
    "empty label": spec(label=""),
    "signature": spec(signature="regress_x_to_y"),
    "version and signature": spec(name="文本分类", version=3, signature="predict_categories"),
    "empty": model_pb2.ModelSpec(),
}


def feature(values: list) -> feature_pb2.Feature:
    """By the first value: bytes, float or int64; none of them when the list is empty."""
    first = values[0] if values else None
    if isinstance(first, bytes):
        return feature_pb2.Feature(bytes_list=feature_pb2.BytesList(value=values))
    if isinstance(first, float):
        return feature_pb2.Feature(float_list=feature_pb2.FloatList(value=values))
    if isinstance(first, int):
        return feature_pb2.Feature(int64_list=feature_pb2.Int64List(value=values))
    return feature_pb2.Feature()


def example(**features: list) -> example_pb2.Example:
    return example_pb2.Example(features=feature_pb2.Features(feature={name: feature(values) for name, values in features.items()}))


def examples(*rows: example_pb2.Example, context: example_pb2.Example | None = None) -> input_pb2.Input:
    if context is None:
        return input_pb2.Input(example_list=input_pb2.ExampleList(examples=rows))
    return input_pb2.Input(example_list_with_context=input_pb2.ExampleListWithContext(examples=rows, context=context))


def tensor_info(name: str, dtype: int, sizes: list[int] | None) -> meta_graph_pb2.TensorInfo:
    """`sizes` is None for an unknown rank."""
    if sizes is None:
        shape = tensor_shape_pb2.TensorShapeProto(unknown_rank=True)
    else:
        shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in sizes])
    return meta_graph_pb2.TensorInfo(name=name, dtype=dtype, tensor_shape=shape)


def signature_def_map() -> get_model_metadata_pb2.SignatureDefMap:
    out = get_model_metadata_pb2.SignatureDefMap()
    text = tensor_info("tf_example:0", types_pb2.DT_STRING, None)
    score = tensor_info("y:0", types_pb2.DT_FLOAT, [-1, 1])
    classify = meta_graph_pb2.SignatureDef(inputs={"inputs": text}, outputs={"scores": score}, method_name=CLASSIFY)
    out.signature_def["classify_x_to_y"].CopyFrom(classify)
    out.signature_def["serving_default"].CopyFrom(
        meta_graph_pb2.SignatureDef(
            inputs={"keep_prob": tensor_info("keep_prob:0", types_pb2.DT_FLOAT, []), "x": tensor_info("x:0", types_pb2.DT_FLOAT, [-1, 1])},
            outputs={"y": score},
            method_name=PREDICT,
            defaults={"keep_prob": tf.make_tensor_proto(1.0)},
        )
    )
    init = meta_graph_pb2.TensorInfo(name="NoOp", tensor_shape=tensor_shape_pb2.TensorShapeProto(unknown_rank=True))
    out.signature_def["__saved_model_init_op"].CopyFrom(meta_graph_pb2.SignatureDef(outputs={"__saved_model_init_op": init}))
    return out


def classified(rows: list[list[tuple[str, float]]]) -> classification_pb2.ClassificationResult:
    return classification_pb2.ClassificationResult(
        classifications=[
            classification_pb2.Classifications(classes=[classification_pb2.Class(label=label, score=score) for label, score in row]) for row in rows
        ]
    )


def regressed(values: list[float]) -> regression_pb2.RegressionResult:
    return regression_pb2.RegressionResult(regressions=[regression_pb2.Regression(value=value) for value in values])


def predict():
    x = tf.make_tensor_proto([[1.0], [2.0], [5.0]])
    for name, model_spec in SPECS.items():
        yield f"PredictRequest, {name}", predict_pb2.PredictRequest(model_spec=model_spec, inputs={"x": x}), False
    yield "PredictRequest, empty", predict_pb2.PredictRequest(), False
    yield "PredictRequest, no inputs", predict_pb2.PredictRequest(model_spec=spec()), False
    full = predict_pb2.PredictRequest(
        model_spec=spec(version=124, signature="predict_images"),
        inputs={"images": tf.make_tensor_proto([[b"\xff\xd8", "图".encode()]]), "keep_prob": tf.make_tensor_proto(1.0), "": tf.make_tensor_proto(7)},
        output_filter=["scores", "classes"],
        client_id=b"\x00\x01",
    )
    yield "PredictRequest, several inputs and output_filter", full, False
    options = predict_pb2.PredictRequest.RequestOptions(client_id=b"c", return_stoptokens=[1, -1], max_cache_length=0)
    yield "PredictRequest, request_options", predict_pb2.PredictRequest(model_spec=spec(), inputs={"x": x}, request_options=options), False
    y = tf.make_tensor_proto([[2.5], [3.0], [4.5]])
    answered = spec(version=124, signature="serving_default")
    yield "PredictResponse, one output", predict_pb2.PredictResponse(model_spec=answered, outputs={"y": y}), False
    two = {"pred_cates": tf.make_tensor_proto(["体育", "财经"]), "pred_score": tf.make_tensor_proto([0.75, float("nan")])}
    yield "PredictResponse, two outputs", predict_pb2.PredictResponse(model_spec=answered, outputs=two), False
    yield "PredictResponse, empty", predict_pb2.PredictResponse(), False


def classify_and_regress():
    one = example(x=[2.0], label=[b"cat", b"\xff"], id=[1, -1, 2**63 - 1], none=[])
    inputs = {
        "examples": examples(one, example(x=[-0.5])),
        "context": examples(example(x=[1.0]), example(), context=example(x2=[4.0])),
        "empty context": examples(example(x=[1.0]), context=example()),
        "no examples": examples(),
        "no input": None,
    }
    for name, given in inputs.items():
        to_classify = classification_pb2.ClassificationRequest(model_spec=spec(signature="classify_x_to_y"), input=given)
        to_regress = regression_pb2.RegressionRequest(model_spec=spec(signature="regress_x_to_y"), input=given)
        yield f"ClassificationRequest, {name}", to_classify, False
        yield f"RegressionRequest, {name}", to_regress, False
    answered = spec(version=123, signature="classify_x_to_y")
    both = classified([[("猫", 0.75), ("", 0.0)], []])
    yield "ClassificationResponse", classification_pb2.ClassificationResponse(model_spec=answered, result=both), False
    yield "ClassificationResponse, no rows", classification_pb2.ClassificationResponse(model_spec=answered, result=classified([])), False
    yield "RegressionResponse", regression_pb2.RegressionResponse(model_spec=answered, result=regressed([2.5, 0.0, -0.1, float("-inf")])), False
    yield "RegressionResponse, empty", regression_pb2.RegressionResponse(), False
    for name, message in {
        "all kinds": one,
        "nothing": example(),
        "no features": example_pb2.Example(),
        "empty lists": example_pb2.Example(
            features=feature_pb2.Features(
                feature={
                    "b": feature_pb2.Feature(bytes_list=feature_pb2.BytesList()),
                    "f": feature_pb2.Feature(float_list=feature_pb2.FloatList()),
                    "i": feature_pb2.Feature(int64_list=feature_pb2.Int64List()),
                }
            )
        ),
        "special floats": example(x=[0.1, float("nan"), float("inf"), -0.0], 特征=["文本".encode()]),
    }.items():
        yield f"Example, {name}", message, False


def multi_inference():
    tasks = [
        inference_pb2.InferenceTask(model_spec=spec(signature="regress_x_to_y"), method_name=REGRESS),
        inference_pb2.InferenceTask(model_spec=spec(version=0, signature="classify_x_to_y"), method_name=CLASSIFY),
    ]
    yield "MultiInferenceRequest, two tasks", inference_pb2.MultiInferenceRequest(tasks=tasks, input=examples(example(x=[2.0]))), False
    with_context = examples(example(x=[2.0]), context=example(x2=[1.0]))
    yield "MultiInferenceRequest, context", inference_pb2.MultiInferenceRequest(tasks=tasks[:1], input=with_context), False
    yield "MultiInferenceRequest, no tasks", inference_pb2.MultiInferenceRequest(input=examples()), False
    results = [
        inference_pb2.InferenceResult(model_spec=spec(version=123, signature="regress_x_to_y"), regression_result=regressed([3.0])),
        inference_pb2.InferenceResult(model_spec=spec(version=123, signature="classify_x_to_y"), classification_result=classified([[("", 3.0)]])),
        inference_pb2.InferenceResult(model_spec=spec(), regression_result=regressed([])),
    ]
    yield "MultiInferenceResponse", inference_pb2.MultiInferenceResponse(results=results), False


def metadata():
    wanted = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(version=0), metadata_field=["signature_def"])
    yield "GetModelMetadataRequest", wanted, False
    unnamed = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec(label="stable"))
    yield "GetModelMetadataRequest, no field", unnamed, False
    packed = any_pb2.Any()
    packed.Pack(signature_def_map(), deterministic=True)
    answer = get_model_metadata_pb2.GetModelMetadataResponse(model_spec=spec(version=124), metadata={"signature_def": packed})
    yield "GetModelMetadataResponse", answer, False
    yield "GetModelMetadataResponse, defaults printed", answer, True
    yield "SignatureDefMap", signature_def_map(), False
    yield "SignatureDefMap, defaults printed", signature_def_map(), True
    yield "SignatureDefMap, empty", get_model_metadata_pb2.SignatureDefMap(), False


def status():
    for name in ("name only", "version", "version 0", "label"):
        yield f"GetModelStatusRequest, {name}", get_model_status_pb2.GetModelStatusRequest(model_spec=SPECS[name]), False
    state = get_model_status_pb2.ModelVersionStatus.State
    failed = {"error_code": error_codes_pb2.NOT_FOUND, "error_message": "Could not find SavedModel .pb 在 /models/m/125"}
    every = [get_model_status_pb2.ModelVersionStatus(version=130 - i, state=value, status={}) for i, value in enumerate(state.values())]
    every.append(get_model_status_pb2.ModelVersionStatus(version=2**53 + 1, state=state.END, status=failed))
    every.append(get_model_status_pb2.ModelVersionStatus())
    answer = get_model_status_pb2.GetModelStatusResponse(model_version_status=every)
    yield "GetModelStatusResponse", answer, False
    yield "GetModelStatusResponse, defaults printed", answer, True
    yield "GetModelStatusResponse, empty", get_model_status_pb2.GetModelStatusResponse(), False


def reload_config():
    request = model_management_pb2.ReloadConfigRequest(metric_names=["/tensorflow/serving/request_count"])
    plain = request.config.model_config_list.config.add(name="half_plus_two", base_path="/models/half_plus_two", model_platform="tensorflow")
    plain.model_version_policy.specific.versions.extend([123, 124])
    plain.version_labels["canary"] = 124
    plain.version_labels["stable"] = 123
    latest = request.config.model_config_list.config.add(name="文本", base_path="/models/textcnn", model_platform="tensorflow")
    latest.model_version_policy.latest.num_versions = 2
    latest.logging_config.sampling_config.sampling_rate = 0.01
    every = request.config.model_config_list.config.add(name="linear", base_path="/models/linear", model_type=1)
    every.model_version_policy.all.SetInParent()
    yield "ReloadConfigRequest", request, False
    none = model_management_pb2.ReloadConfigRequest()
    none.config.model_config_list.SetInParent()
    yield "ReloadConfigRequest, no models", none, False
    yield "ReloadConfigRequest, empty", model_management_pb2.ReloadConfigRequest(), False
    answer = model_management_pb2.ReloadConfigResponse(status=dict(error_code=error_codes_pb2.INVALID_ARGUMENT, error_message="no"))
    answer.metric.add(name="/tensorflow/serving/request_count", int64_value_increase=0)
    yield "ReloadConfigResponse", answer, False
    yield "ReloadConfigResponse, ok", model_management_pb2.ReloadConfigResponse(status={}), False


def prediction_log():
    given = examples(example(x=[2.0]))
    log = prediction_log_pb2.PredictionLog
    yield "PredictionLog, predict", log(
        predict_log=prediction_log_pb2.PredictLog(request=predict_pb2.PredictRequest(model_spec=spec(), inputs={"x": tf.make_tensor_proto([1.0])}))
    ), False
    yield "PredictionLog, classify", log(
        classify_log=prediction_log_pb2.ClassifyLog(
            request=classification_pb2.ClassificationRequest(model_spec=spec(signature="classify_x_to_y"), input=given)
        ),
        log_metadata=dict(timestamp_secs=1_700_000_000, saved_model_tags=["serve"]),
    ), False
    yield "PredictionLog, regress", log(
        regress_log=prediction_log_pb2.RegressLog(request=regression_pb2.RegressionRequest(model_spec=spec(signature="regress_x_to_y"), input=given))
    ), False
    task = inference_pb2.InferenceTask(model_spec=spec(signature="regress_x_to_y"), method_name=REGRESS)
    yield "PredictionLog, multi_inference", log(
        multi_inference_log=prediction_log_pb2.MultiInferenceLog(request=inference_pb2.MultiInferenceRequest(tasks=[task], input=given))
    ), False
    yield "PredictionLog, session_run", log(session_run_log=prediction_log_pb2.SessionRunLog()), False
    yield "PredictionLog, empty", log(), False


def instances():
    for group in (predict, classify_and_regress, multi_inference, metadata, status, reload_config, prediction_log):
        yield from group()
