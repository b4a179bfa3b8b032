import { Counter, Gauge, Registry } from "prom-client";
import type { ReloadResult } from "./control.ts";

/** Counted by the process that keeps the configuration, and by no other. */
export interface ControlMetrics {
  reloaded(result: ReloadResult["result"]): void;
  /** Another configuration holds from now on. */
  applied(fingerprint: string): void;
  page(): Promise<string>;
}

export function createControlMetrics(): ControlMetrics {
  const registry = new Registry();
  const registers = [registry];
  const reloads = new Counter({
    name: "tensorgate_config_reloads_total",
    help: "Reloads of the configuration, by how they ended.",
    labelNames: ["result"] as const,
    registers,
  });
  const successful = new Gauge({
    name: "tensorgate_config_last_reload_successful",
    help: "0 when the last reload was refused and an older configuration holds, else 1.",
    registers,
  });
  const appliedAt = new Gauge({
    name: "tensorgate_config_last_applied_timestamp_seconds",
    help: "When the configuration that holds was taken over.",
    registers,
  });
  const info = new Gauge({
    name: "tensorgate_config_info",
    help: "1, with the fingerprint of the configuration that holds.",
    labelNames: ["fingerprint"] as const,
    registers,
  });
  for (const result of ["applied", "refused", "unchanged"] as const) reloads.inc({ result }, 0);
  successful.set(1);
  return {
    reloaded(result) {
      reloads.inc({ result });
      successful.set(result === "refused" ? 0 : 1);
    },
    applied(fingerprint) {
      appliedAt.setToCurrentTime();
      info.reset();
      info.set({ fingerprint }, 1);
    },
    page: () => registry.metrics(),
  };
}
