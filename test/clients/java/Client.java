import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.Int64Value;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.tensorflow.example.Example;
import org.tensorflow.framework.DataType;
import org.tensorflow.framework.TensorProto;
import org.tensorflow.framework.TensorShapeProto;
import tensorflow.serving.Classification.ClassificationRequest;
import tensorflow.serving.Classification.Classifications;
import tensorflow.serving.GetModelStatus.GetModelStatusRequest;
import tensorflow.serving.InputOuterClass.ExampleList;
import tensorflow.serving.InputOuterClass.Input;
import tensorflow.serving.Model.ModelSpec;
import tensorflow.serving.ModelServiceGrpc;
import tensorflow.serving.Predict.PredictRequest;
import tensorflow.serving.Predict.PredictResponse;
import tensorflow.serving.PredictionServiceGrpc;

/**
 * Calls a running gateway as users of grpc-java do. Arguments: the gRPC address, then serialized Examples in base64.
 * Prints a line for each thing it tried: its name, a space, and the answer as JSON.
 */
class Client {
  private static PredictionServiceGrpc.PredictionServiceBlockingStub stub;

  public static void main(String[] args) throws Exception {
    ManagedChannel channel = ManagedChannelBuilder.forTarget(args[0]).usePlaintext().build();
    stub = PredictionServiceGrpc.newBlockingStub(channel);
    print("predict", described(blocking(10_000).predict(halfPlusTwo(ModelSpec.newBuilder(), 1, 2, 5))));
    ModelSpec.Builder older = ModelSpec.newBuilder().setVersion(Int64Value.of(123));
    print("predictVersion", described(blocking(10_000).predict(halfPlusTwo(older, 7))));
    print("predictFuture", many(channel));
    print("classify", classify(args));
    print("pastDeadline", failure(() -> blocking(300).predict(slow(20_000))));
    print("withinDeadline", values(blocking(10_000).predict(slow(1))));
    print("unknownModel", failure(() -> blocking(10_000).predict(halfPlusTwo(ModelSpec.newBuilder().setName("nobody"), 1))));
    print("unknownSignature", failure(() -> blocking(10_000).predict(halfPlusTwo(ModelSpec.newBuilder().setSignatureName("nothing"), 1))));
    print("status", status(channel));
    channel.shutdown().awaitTermination(5, TimeUnit.SECONDS);
  }

  private static PredictionServiceGrpc.PredictionServiceBlockingStub blocking(int deadlineMs) {
    return stub.withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS);
  }

  private static PredictRequest halfPlusTwo(ModelSpec.Builder spec, float... values) {
    if (spec.getName().isEmpty()) spec.setName("half_plus_two");
    return PredictRequest.newBuilder().setModelSpec(spec).putInputs("x", floats(true, values)).build();
  }

  private static PredictRequest slow(float ms) {
    ModelSpec spec = ModelSpec.newBuilder().setName("slow").build();
    return PredictRequest.newBuilder().setModelSpec(spec)
        .putInputs("x", floats(true, 1)).putInputs("ms", floats(false, ms)).build();
  }

  /** A hundred calls at once over the one connection; of their answers, how many are right. */
  private static String many(ManagedChannel channel) throws Exception {
    PredictionServiceGrpc.PredictionServiceFutureStub futures =
        PredictionServiceGrpc.newFutureStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
    List<ListenableFuture<PredictResponse>> calls = new ArrayList<>();
    for (int i = 0; i < 100; i++) calls.add(futures.predict(halfPlusTwo(ModelSpec.newBuilder(), 2 * i)));
    int right = 0;
    for (int i = 0; i < calls.size(); i++) {
      if (calls.get(i).get().getOutputsOrThrow("y").getFloatVal(0) == i + 2) right++;
    }
    return String.valueOf(right);
  }

  private static String classify(String[] args) throws Exception {
    ExampleList.Builder examples = ExampleList.newBuilder();
    for (int i = 1; i < args.length; i++) examples.addExamples(Example.parseFrom(Base64.getDecoder().decode(args[i])));
    ClassificationRequest request = ClassificationRequest.newBuilder()
        .setModelSpec(ModelSpec.newBuilder().setName("mnist_two_signatures"))
        .setInput(Input.newBuilder().setExampleList(examples)).build();
    List<String> rows = new ArrayList<>();
    for (Classifications row : blocking(10_000).classify(request).getResult().getClassificationsList()) {
      rows.add(list(row.getClassesList().stream().map(c -> list(List.of(quoted(c.getLabel()), c.getScore()))).toList()));
    }
    return list(rows);
  }

  private static String status(ManagedChannel channel) {
    GetModelStatusRequest request = GetModelStatusRequest.newBuilder()
        .setModelSpec(ModelSpec.newBuilder().setName("half_plus_two")).build();
    return list(ModelServiceGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS).getModelStatus(request)
        .getModelVersionStatusList().stream()
        .map(version -> quoted(version.getVersion() + " " + version.getState() + " " + version.getStatus().getErrorCode()))
        .toList());
  }

  private static TensorProto floats(boolean vector, float... values) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    if (vector) shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(values.length));
    TensorProto.Builder tensor = TensorProto.newBuilder().setDtype(DataType.DT_FLOAT).setTensorShape(shape);
    for (float value : values) tensor.addFloatVal(value);
    return tensor.build();
  }

  private static String values(PredictResponse response) {
    return list(response.getOutputsOrThrow("y").getFloatValList());
  }

  private static String described(PredictResponse response) {
    ModelSpec spec = response.getModelSpec();
    String model = spec.getName() + "/" + spec.getVersion().getValue() + "/" + spec.getSignatureName();
    return list(List.of(quoted(model), values(response)));
  }

  /** The status code and the description of a call that should fail. */
  private static String failure(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException thrown) {
      String text = String.valueOf(thrown.getStatus().getDescription());
      return list(List.of(quoted(thrown.getStatus().getCode().name()), quoted(text)));
    }
    return quoted("it was answered");
  }

  private static String list(List<?> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }

  private static void print(String name, String answer) {
    System.out.println(name + " " + answer);
  }
}
