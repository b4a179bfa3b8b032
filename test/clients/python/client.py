"""Calls a running gateway as TensorFlow Serving's users do: argv is the REST address, then the gRPC one."""

import sys

import grpc
import numpy as np
import requests
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

REST, GRPC = sys.argv[1:3]
channel = grpc.insecure_channel(GRPC)
stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)


def predict_request(model: str, signature: str = "", **inputs: np.ndarray) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def rest_row() -> None:
    reply = requests.post(f"{REST}/v1/models/half_plus_two:predict", json={"instances": [1.0, 2.0, 5.0]}, timeout=10)
    reply.raise_for_status()
    assert reply.json() == {"predictions": [2.5, 3.0, 4.5]}, reply.text


def rest_columnar_with_a_scalar() -> None:
    body = {
        "signature_name": "predict_images",
        "inputs": {"images": np.zeros((2, 64)).tolist(), "keep_prob": 1.0},
    }
    reply = requests.post(f"{REST}/v1/models/mnist_two_signatures:predict", json=body, timeout=10)
    reply.raise_for_status()
    assert np.array(reply.json()["outputs"]).shape == (2, 10), reply.text


def predict() -> None:
    answer = stub.Predict(predict_request("half_plus_two", x=np.array([1.0, 2.0, 5.0], np.float32)), 10.0)
    np.testing.assert_allclose(tf.make_ndarray(answer.outputs["y"]), [2.5, 3.0, 4.5])
    assert answer.model_spec.name == "half_plus_two", answer.model_spec
    assert answer.model_spec.version.value == 124, answer.model_spec
    assert answer.model_spec.signature_name == "serving_default", answer.model_spec


def predict_future() -> None:
    """Many calls at once, and a constant that make_tensor_proto compresses to one value."""
    request = predict_request("half_plus_two", x=np.full([1000], 4.0, np.float32))
    for future in [stub.Predict.future(request, 10.0) for _ in range(20)]:
        outputs = future.result().outputs
        np.testing.assert_allclose(tf.make_ndarray(outputs["y"]), np.full([1000], 4.0))


def predict_with_a_scalar() -> None:
    images = np.random.default_rng(1).random((3, 64), np.float32)
    request = predict_request("mnist_two_signatures", "predict_images", images=images, keep_prob=np.float32(1))
    scores = tf.make_ndarray(stub.Predict(request, 10.0).outputs["scores"])
    np.testing.assert_allclose(scores.sum(axis=1), np.ones(3), rtol=1e-4)


def classify_with_a_deadline() -> None:
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = "mnist_two_signatures"
    example = request.input.example_list.examples.add()
    example.features.feature["pixels"].int64_list.value.extend([0] * 64)
    classes = stub.Classify(request, 10.0).result.classifications[0].classes
    assert len(classes) == 10, classes


def errors_have_the_reference_codes() -> None:
    for request, code in [
        (predict_request("nobody", x=np.float32(1)), grpc.StatusCode.NOT_FOUND),
        (predict_request("half_plus_two", "nothing", x=np.float32(1)), grpc.StatusCode.FAILED_PRECONDITION),
        (predict_request("half_plus_two", y=np.float32(1)), grpc.StatusCode.INVALID_ARGUMENT),
    ]:
        try:
            stub.Predict(request, 10.0)
        except grpc.RpcError as error:
            assert error.code() == code, (error.code(), error.details())
        else:
            raise AssertionError(f"{code} was expected")


def metadata_and_status() -> None:
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "half_plus_two"
    packed = stub.GetModelMetadata(request, 10.0).metadata["signature_def"]
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert packed.Unpack(signatures), packed.type_url
    assert "serving_default" in signatures.signature_def, signatures

    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "half_plus_two"
    states = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status, 10.0).model_version_status
    available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
    assert [(state.version, state.state) for state in states] == [(124, available), (123, available)], states


CHECKS = [
    rest_row,
    rest_columnar_with_a_scalar,
    predict,
    predict_future,
    predict_with_a_scalar,
    classify_with_a_deadline,
    errors_have_the_reference_codes,
    metadata_and_status,
]

if __name__ == "__main__":
    for check in CHECKS:
        check()
        print(f"ok {check.__name__}", flush=True)
