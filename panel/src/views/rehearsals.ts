/** Rehearsals that are still running: each costs money until it is ended. */

import { h } from "../dom";
import type { State } from "../state";
import { describeAll } from "../words";

export function rehearsals({ rehearsals: running, place }: State): HTMLElement | null {
  if (running.length === 0) return null;
  return h("div", {}, ...describeAll(running, place).map((text) => h("p", { class: "notice rehearsal" }, text)));
}
