import { type ArmReport, sumOfReports } from "../ramps/index.ts";
import { within } from "../within.ts";
import type { MemberLink } from "./member-link.ts";

/** A process that takes longer is answered for by what it said last. */
const LIMIT_MS = 1000;

/** What all members together know of ramps' arms. What a member has counted stays counted after its end. */
export class ArmReports {
  readonly #last = new Map<Pick<MemberLink, "report">, ArmReport>();
  #ofEnded: ArmReport = { figures: [], unavailable: [] };

  /** Undefined: none of them has ever answered. */
  async of(members: readonly Pick<MemberLink, "report">[]): Promise<ArmReport | undefined> {
    await Promise.all(members.map((member) => within(LIMIT_MS, this.#ask(member))));
    if (this.#last.size === 0) return undefined;
    return sumOfReports([this.#ofEnded, ...this.#last.values()]);
  }

  /** It says nothing from now on. */
  ended(member: Pick<MemberLink, "report">): void {
    const last = this.#last.get(member);
    if (last === undefined) return;
    this.#last.delete(member);
    this.#ofEnded = sumOfReports([this.#ofEnded, { ...last, unavailable: [] }]);
  }

  async #ask(member: Pick<MemberLink, "report">): Promise<void> {
    const report = await member.report();
    if (report !== undefined) this.#last.set(member, report);
  }
}
