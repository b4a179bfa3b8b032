/**
 * Whether what series are about is there, at the moment of a scrape. What is not is told once more, so that the last count
 * is not lost, and then forgotten: models, versions, routes and their arms come and go for as long as a gateway runs.
 */
export interface Presence {
  /** `version` "": any. */
  hasVersion(model: string, version: string): boolean;
  hasArm(route: string, arm: string): boolean;
  /** Of an entry of `http:`. */
  hasHttpArm(name: string, arm: string): boolean;
}
