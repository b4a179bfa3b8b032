import { ConfigError } from "../../config/index.ts";

/** One line for each problem that reading ends with, without the file. */
export function problemsOf(read: () => unknown, file: string): string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split("\n").map((line) => line.replaceAll(`${file}:`, ""));
  }
}
