import { type ClientReadableStream, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type ApplyModelsRequest, type WatchResponse, workerControl } from "../../protos/index.ts";
import type { EndpointWatch, WatchOptions } from "./endpoint-watch.ts";

const APPLY_TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 1_000;

/**
 * Listens to one worker for as long as it lives: opens its Watch stream again whenever it ends, and brings the worker
 * to the wanted set whenever what it reports is older. The creator closes it.
 */
export class WorkerWatch implements EndpointWatch {
  readonly #options: WatchOptions;
  #stream: ClientReadableStream<WatchResponse> | undefined;
  /** A report has come in over the current stream. */
  #proven = false;
  #wanted: ApplyModelsRequest | undefined;
  /** Of the set last sent over the current connection. */
  #sent = 0n;
  #delayMs = FIRST_DELAY_MS;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  open(): void {
    if (this.#closed) return;
    // Waits in the channel until the worker listens, without an error for each try.
    const metadata = new Metadata({ waitForReady: true });
    const { path, requestSerialize, responseDeserialize } = workerControl.Watch;
    const stream = this.#options.client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      {},
      metadata,
    );
    this.#stream = stream;
    stream.on("data", (response: WatchResponse) => {
      if (stream === this.#stream) this.#take(response, stream.getPeer());
    });
    stream.on("error", (error: ServiceError) => this.#lost(stream, error.details));
    stream.on("end", () => this.#lost(stream, "the stream has ended"));
  }

  /** Sends the set to the worker now, and after each connect to a worker that doesn't have it. */
  apply(wanted: ApplyModelsRequest): void {
    this.#wanted = wanted;
    if (this.#proven) this.#bringUpToDate();
  }

  /** The worker has seemed to be gone: asks it anew, over a fresh stream. */
  recheck(): void {
    if (!this.#proven) return;
    this.#lost(this.#stream, "a call did not get through", 0);
  }

  /** The worker says so itself, in its next report. */
  unloaded(): void {}

  close(): void {
    this.#closed = true;
    this.#proven = false;
    clearTimeout(this.#timer);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
  }

  #take(response: WatchResponse, peer: string): void {
    if (!this.#proven) {
      this.#proven = true;
      this.#delayMs = FIRST_DELAY_MS;
      this.#sent = BigInt(response.generation);
    }
    this.#options.onReport(response, peer);
    this.#bringUpToDate();
  }

  #bringUpToDate(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || BigInt(wanted.generation) <= this.#sent) return;
    this.#sent = BigInt(wanted.generation);
    const stream = this.#stream;
    const { path, requestSerialize, responseDeserialize } = workerControl.ApplyModels;
    const deadline = Date.now() + APPLY_TIMEOUT_MS;
    this.#options.client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      wanted,
      { deadline },
      (error) => {
        // Another gateway has told it a newer set in the meantime, which its reports tell of.
        if (error === null || error.code === status.FAILED_PRECONDITION || stream !== this.#stream) return;
        this.#options.log.error({ err: error }, "the worker did not take over the set of models");
        // A fresh stream tells what the worker has, and brings it up to date when that is too old.
        this.#lost(stream, error.details, MAX_DELAY_MS);
      },
    );
  }

  #lost(stream: ClientReadableStream<WatchResponse> | undefined, reason: string, delayMs = this.#delayMs): void {
    if (stream === undefined || stream !== this.#stream) return;
    this.#stream = undefined;
    this.#proven = false;
    stream.cancel();
    this.#options.log.debug({ reason }, "lost the worker's reports");
    this.#options.onLost(reason);
    this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2);
    this.#timer = setTimeout(() => this.open(), delayMs);
  }
}
