/** The first thing to read: can they go back, and why (not). */

import { h, icon, ICONS } from "../dom";
import { displayName, type State } from "../state";
import { describeAll, describeFinding, describeHere, unread } from "../words";
import { button, message, underWay } from "./shared";

const TITLES: Record<string, readonly [title: string, tone: string, picture: string]> = {
  possible: ["You can go back", "good", ICONS.check],
  blocked: ["You cannot go back now", "bad", ICONS.pause],
};
const ELSEWHERE = ["You can go back, but not from here", "neutral", ICONS.pause] as const;
const UNKNOWN = ["It is not known whether you can go back", "neutral", ICONS.question] as const;

export function verdict(state: State, reread: () => void): HTMLElement {
  const { listing, phase, failure } = state;
  if (listing === null) {
    if (failure !== null) {
      const again = state.canCall && state.vpsId ? button("Read again", reread, "quiet", "reread") : null;
      return h("header", { class: "verdict" }, title("HostUp recovery", state), message(unread(failure), again));
    }
    if (phase === "cancelled") {
      return h("header", { class: "verdict" }, title("Nothing to show", state), h("p", {}, "The assistant stopped before the backups were read."));
    }
    const planOnly = state.planning.is === "shown";
    return h(
      "header",
      { class: "verdict" },
      title(planOnly ? "A plan for recovery" : "One moment", state),
      planOnly && !state.canCall ? null : underWay("Reading the backups…"),
    );
  }
  const { restore, overwrites } = listing;
  const isElsewhere = restore.verdict === "possible" && !restore.here.allowed;
  const [words, tone, picture] = isElsewhere ? ELSEWHERE : (TITLES[restore.verdict] ?? UNKNOWN);
  return h(
    "header",
    { class: `verdict ${tone}` },
    h("span", { class: "mark" }, icon(picture)),
    h(
      "div",
      { class: "words" },
      title(words, state),
      ...describeAll(restore.reasons, state.place).map((text) => h("p", { class: "why" }, text)),
      ...(isElsewhere ? describeHere(restore.here, state.place) : []).map((text) => h("p", { class: "why" }, text)),
      restore.toUnblock.length > 0 &&
        h("p", { class: "help" }, h("b", {}, "What would change that"), describeAll(restore.toUnblock, state.place).join(" ")),
      restore.verdict === "possible" &&
        overwrites &&
        h("p", { class: "soft" }, "With the newest backup: ", lower(describeFinding(overwrites, state.place))),
      failure && h("p", { class: "soft" }, "This was read earlier; it could not be refreshed."),
    ),
  );
}

function title(words: string, state: State): HTMLElement {
  const name = displayName(state);
  return h(
    "div",
    {},
    name && h("p", { class: "server" }, h("span", { class: "visually-hidden" }, "Server "), name),
    h("h1", {}, words),
  );
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
