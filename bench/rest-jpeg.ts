import type { Benchmark } from "./frame/index.ts";
import { jpegBenchmark } from "./jpeg.ts";

export const benchmark: Benchmark = jpegBenchmark("rest-jpeg", "jpeg_size", "to a model that only tells its size");
