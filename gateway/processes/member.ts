import { createBusyLogger } from "../../core/index.ts";
import { type Reply, remoteControl } from "../control/index.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import type { MetricsPage } from "../observe/index.ts";
import { Asks } from "./asks.ts";
import type { ToMember, ToPrimary } from "./messages.ts";
import { SharedPlaces } from "./shared-places.ts";

/**
 * One of the processes that share a gateway's ports: a whole gateway, but for its workers and its configuration, which the
 * primary process keeps. Lives until that says so or is gone. Answers the exit status.
 */
export async function memberMain(): Promise<number> {
  const answered = new Asks<Reply>();
  const counted = new Asks<readonly string[]>();
  const control = remoteControl((question) => answered.ask((ask) => tell({ is: "question", question, ask })));
  const others = (page: MetricsPage): Promise<readonly string[]> =>
    counted.ask((ask) => tell({ is: "countAll", page, ask }));
  const [prepared, isPrepared] = promise<void>();
  const [ended, end] = promise<number>();
  let places: SharedPlaces | undefined;
  let gateway: Gateway | undefined;
  /** Whoever asks something while it starts is answered then; one that cannot start ends, which is an answer too. */
  const [started, isStarted] = promise<Gateway>();
  let ending: Promise<void> | undefined;

  const start = async ({ config }: ToMember & { is: "start" }): Promise<void> => {
    const log = createBusyLogger("gateway", config.server.logLevel);
    const open = (events: ConstructorParameters<typeof SharedPlaces>[0]): SharedPlaces =>
      (places = new SharedPlaces(events, tell));
    gateway = await startGateway({ config, places: open, prepared, log, control, others });
    isStarted(gateway);
    const { restPort, grpcPort } = gateway;
    tell({ is: "listening", restPort, grpcPort });
    process.once("SIGTERM", () => shutDown(config.server.drainTimeoutMs));
  };
  const shutDown = (limitMs: number): void => {
    ending ??= (gateway?.shutDown(limitMs) ?? Promise.resolve()).finally(() => end(0));
  };
  const take = async (message: ToMember): Promise<void> => {
    switch (message.is) {
      case "start":
        return await start(message);
      case "places":
        places?.update(message.places);
        return isPrepared();
      case "apply":
        // Whoever asks is not kept waiting by a process that fails.
        return await (await started)
          .apply(message.config, message.awaited)
          .finally(() => tell({ is: "applied", ask: message.ask }));
      case "count":
        return tell({ is: "counted", ask: message.ask, page: await (await started).metrics(message.page) });
      case "report":
        return tell({ is: "reported", ask: message.ask, report: await (await started).report() });
      case "sample":
        return tell({ is: "sampled", ask: message.ask, samples: await (await started).samples() });
      case "answered":
        return answered.answered(message.ask, message.reply);
      case "counted":
        return counted.answered(message.ask, message.pages);
      case "shutDown":
        return shutDown(message.limitMs);
    }
  };

  // The terminal's Ctrl-C reaches every process; the primary decides.
  process.on("SIGINT", () => {}).on("SIGHUP", () => {});
  process.on("disconnect", () => process.exit(1));
  process.on("message", (message: ToMember) => {
    take(message).catch((thrown: unknown) => {
      if (gateway === undefined) end(1);
      tell({ is: "failed", message: thrown instanceof Error ? thrown.message : String(thrown) });
    });
  });
  tell({ is: "hears" });
  const code = await ended;
  process.disconnect();
  return code;
}

function tell(message: ToPrimary): void {
  // The primary may have gone this moment, which "disconnect" tells too.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function promise<T>(): [promised: Promise<T>, resolve: (value: T) => void] {
  let settle: ((value: T) => void) | undefined;
  const promised = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return [promised, (value) => settle?.(value)];
}
