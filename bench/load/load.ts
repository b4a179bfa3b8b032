/** What a load generator counted in one timed run. Connections send one request after the other, as fast as they are answered. */
export interface Load {
  /** Answered well. */
  readonly answered: number;
  readonly failed: number;
  /** What failed, in words; "" when nothing did. */
  readonly failures: string;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
