import { describe, expect, test } from "vitest";
import type { HttpConfig } from "../../../config/index.ts";
import { chooseArm } from "../../../gateway/passthrough/choose.ts";
import type { PassArm, PassRoute } from "../../../gateway/passthrough/table.ts";

const arm = (name: string, weight: number, pickable = true) =>
  ({ name, weight, hashKey: name, upstreams: [], endpoints: [{ pickable, inFlight: 0 }] }) as unknown as PassArm;
const route = (arms: PassArm[], sticky?: HttpConfig["sticky"]) =>
  ({ config: { name: "n", sticky }, arms }) as unknown as PassRoute;
const call = (headers: Record<string, string> = {}, client?: string) => {
  return { header: (name: string) => headers[name], client, body: {} };
};

describe("of several arms", () => {
  test("chance decides by weight, unless the request has the key that ties it", () => {
    const split = route([arm("a", 9), arm("b", 1), arm("off", 0)], { by: "header", name: "x-user" });
    expect(chooseArm(split, call(), () => 0.89).name).toBe("a");
    expect(chooseArm(split, call(), () => 0.91).name).toBe("b");
    const ofUser = (user: string) => chooseArm(split, call({ "x-user": user })).name;
    const arms = Array.from({ length: 400 }, (_, user) => ofUser(`user-${user}`));
    expect(arms.map((_, user) => ofUser(`user-${user}`))).toEqual(arms);
    const share = arms.filter((name) => name === "b").length / arms.length;
    expect(Math.abs(share - 0.1)).toBeLessThan(4 * Math.sqrt(0.09 / arms.length));
  });

  test("cookies and known clients tie as well", () => {
    const arms = [arm("a", 1), arm("b", 1)];
    const byCookie = route(arms, { by: "cookie", name: "session" });
    const byClient = route(arms, { by: "client" });
    for (let i = 0; i < 20; i++) {
      const cookies = [`session=${i}`, `other=1; session=${i}`].map((cookie) => chooseArm(byCookie, call({ cookie })));
      expect(cookies[0]).toBe(cookies[1]);
      expect(chooseArm(byClient, call({}, `c${i}`))).toBe(chooseArm(byClient, call({}, `c${i}`)));
    }
  });

  test("one whose endpoints are all held back is left out, and with none left it is 503", () => {
    expect(chooseArm(route([arm("a", 99, false), arm("b", 1)]), call()).name).toBe("b");
    expect(() => chooseArm(route([arm("a", 1, false), arm("b", 0)]), call())).toThrow(/held back/);
  });
});
