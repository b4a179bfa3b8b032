import { Duplex } from "node:stream";

/** Two ends of a connection within this process: what is written to one is read from the other. */
export function memoryPipe(): readonly [Duplex, Duplex] {
  const near = new PipeEnd();
  const far = new PipeEnd();
  near.other = far;
  far.other = near;
  return [near, far];
}

class PipeEnd extends Duplex {
  other: PipeEnd | undefined;
  #taken: (() => void) | undefined;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = undefined;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const { other } = this;
    if (other === undefined || other.destroyed || other.push(chunk)) done();
    else other.#taken = done;
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { other } = this;
    this.other = undefined;
    if (other !== undefined && !other.destroyed) process.nextTick(() => other.destroy());
    done(error);
  }
}
