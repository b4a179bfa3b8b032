/** What stands above a metric's samples in the text format of Prometheus. */
export function heading(name: string, type: "counter" | "gauge" | "histogram", help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

/** Labels as they stand between the braces of a sample in the text format of Prometheus. `values` in the order of `names`. */
export function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escaped(values[i] ?? "")}"`).join(",");
}

/** Only what would end a value is escaped, and a line's end, with which no scraper could read the rest. */
function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n") : value;
}
