import { VALUES } from "./memory";

/** Turns the first `count` of the doubles in VALUES into floats, in place: what is written is always behind what is read. */
export function narrow(count: i32): void {
  const end = VALUES + (count << 3);
  let out = VALUES;
  for (let at = VALUES; at < end; at += 16) {
    v128.store64_lane(out, f32x4.demote_f64x2_zero(v128.load(at)), 0);
    out += 8;
  }
}
