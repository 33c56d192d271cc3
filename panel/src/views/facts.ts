/** The other gate, the slots, and what else is good to know. */

import type { Listing } from "../results";
import { h } from "../dom";
import type { State } from "../state";
import { describeAll, describeHere } from "../words";
import { list } from "./shared";

const MAX_PIPS = 12;
const VERDICTS: Record<string, string> = { possible: "Possible now", blocked: "Not possible now" };

export function facts(state: State, listing: Listing): HTMLElement {
  const { create, advice } = listing;
  const isElsewhere = create.verdict === "possible" && !create.here.allowed;
  const gate = isElsewhere ? "Possible, but not from here" : (VERDICTS[create.verdict] ?? "Not known");
  return h(
    "section",
    { class: "facts", "aria-label": "What else is possible" },
    h(
      "div",
      { class: "fact" },
      h("h2", {}, "A new backup"),
      h("p", { class: `gate ${create.verdict === "possible" ? "good" : "bad"}` }, gate),
      ...(isElsewhere ? describeHere(create.here, state.place) : []).map((text) => h("p", {}, text)),
      ...describeAll([...create.reasons, ...create.toUnblock], state.place).map((text) => h("p", {}, text)),
    ),
    h("div", { class: "fact" }, h("h2", {}, "Backup slots"), ...slots(listing.quota)),
    list(describeAll(advice, state.place), "advice"),
  );
}

function slots({ used, limit, remaining }: Listing["quota"]): (HTMLElement | null)[] {
  if (used === null) return [h("p", {}, "How many are used is not known.")];
  const known = limit === null ? `${used} used` : `${used} of ${limit} used`;
  const left =
    remaining !== null ? `${remaining} left` : limit === null ? "HostUp states no limit" : null;
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
