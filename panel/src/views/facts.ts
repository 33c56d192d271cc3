/** The other gate, the slots, and what else is good to know. */

import type { Listing } from "../results";
import { h } from "../dom";
import type { State } from "../state";
import { TEXTS, type Texts } from "../texts";
import { describeAll, describeHere } from "../words";
import { list } from "./shared";

const MAX_PIPS = 12;
const VERDICTS: Record<string, "possibleNow" | "notPossibleNow"> = { possible: "possibleNow", blocked: "notPossibleNow" };

export function facts(state: State, listing: Listing): HTMLElement {
  const { create, advice } = listing;
  const t = TEXTS[state.place.language];
  const isElsewhere = create.verdict === "possible" && !create.here.allowed;
  const gate = isElsewhere ? t.possibleElsewhere : t[VERDICTS[create.verdict] ?? "notKnown"];
  return h(
    "section",
    { class: "facts", "aria-label": t.whatElse },
    h(
      "div",
      { class: "fact" },
      h("h2", {}, t.aNewBackup),
      h("p", { class: `gate ${create.verdict === "possible" ? "good" : "bad"}` }, gate),
      ...(isElsewhere ? describeHere(create.here, state.place) : []).map((text) => h("p", {}, text)),
      ...describeAll([...create.reasons, ...create.toUnblock], state.place).map((text) => h("p", {}, text)),
    ),
    h("div", { class: "fact" }, h("h2", {}, t.slots), ...slots(listing.quota, t)),
    list(describeAll(advice, state.place), "advice"),
  );
}

function slots({ used, limit, remaining }: Listing["quota"], t: Texts): (HTMLElement | null)[] {
  if (used === null) return [h("p", {}, t.usedUnknown)];
  const known = limit === null ? t.used(used) : t.usedOf(used, limit);
  const left =
    remaining !== null ? t.left(remaining) : limit === null ? t.noLimit : null;
  return [
    h("p", { class: "gate" }, known),
    limit !== null && limit > 0 ? meter(used, limit) : null,
    left === null ? null : h("p", {}, left),
  ];
}

function meter(used: number, limit: number): HTMLElement {
  if (limit <= MAX_PIPS) {
    const pips = Array.from({ length: limit }, (_, at) =>
      h("span", { class: at < used ? "pip used" : "pip" }),
    );
    return h("div", { class: "pips", "aria-hidden": "true" }, ...pips);
  }
  const filled = h("span", { class: "filled" });
  filled.style.width = `${Math.min(100, (used / limit) * 100)}%`;
  return h("div", { class: "meter", "aria-hidden": "true" }, filled);
}
