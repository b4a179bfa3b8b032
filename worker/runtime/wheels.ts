/** A PyPI wheel that holds TensorFlow's two libraries; nothing else in it is used, so the Python it was made for does not matter. */
export interface Wheel {
  /** The name on the index. */
  readonly project: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** What the two libraries take on disk. */
  readonly unpackedBytes: number;
}

export const TENSORFLOW_VERSION = "2.21.0";

/** By `process.platform`-`process.arch`, and `-gpu` where there are CUDA kernels. Taken from https://pypi.org/simple/ */
export const WHEELS: Readonly<Record<string, Wheel>> = {
  "linux-x64": {
    project: "tensorflow-cpu",
    version: TENSORFLOW_VERSION,
    file: "tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl",
    sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
    bytes: 274_000_871,
    unpackedBytes: 853_308_936,
  },
  "linux-x64-gpu": {
    project: "tensorflow",
    version: TENSORFLOW_VERSION,
    file: "tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl",
    sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
    bytes: 572_611_111,
    unpackedBytes: 1_259_021_080,
  },
  "linux-arm64": {
    project: "tensorflow",
    version: TENSORFLOW_VERSION,
    file: "tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl",
    sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
    bytes: 281_946_471,
    unpackedBytes: 883_062_208,
  },
  "darwin-arm64": {
    project: "tensorflow",
    version: TENSORFLOW_VERSION,
    file: "tensorflow-2.21.0-cp312-cp312-macosx_12_0_arm64.whl",
    sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
    bytes: 223_488_205,
    unpackedBytes: 740_805_624,
  },
};
