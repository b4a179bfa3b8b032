import type { Benchmark } from "./frame/index.ts";
import { jpegBenchmark } from "./jpeg.ts";

export const benchmark: Benchmark = jpegBenchmark("rest-jpeg-decoded", "jpeg_mean", "to a model that decodes it");
