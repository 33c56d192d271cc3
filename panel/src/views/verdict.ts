/** The first thing to read: can they go back, and why (not). */

import { h, icon, ICONS } from "../dom";
import { displayName, type State } from "../state";
import { TEXTS, type Texts } from "../texts";
import { describeAll, describeFinding, describeHere, unread } from "../words";
import { button, message, underWay } from "./shared";

type Title = "canGoBack" | "cannotGoBack" | "canGoBackElsewhere" | "mayGoBack";

const TITLES: Record<string, readonly [title: Title, tone: string, picture: string]> = {
  possible: ["canGoBack", "good", ICONS.check],
  blocked: ["cannotGoBack", "bad", ICONS.pause],
};
const ELSEWHERE = ["canGoBackElsewhere", "neutral", ICONS.pause] as const;
const UNKNOWN = ["mayGoBack", "neutral", ICONS.question] as const;

export function verdict(state: State, reread: () => void): HTMLElement {
  const { listing, phase, failure } = state;
  const { language } = state.place;
  const t = TEXTS[language];
  if (listing === null) {
    if (failure !== null) {
      const again = state.canCall && state.vpsId ? button(t.readAgain, reread, "quiet", "reread") : null;
      return h("header", { class: "verdict" }, title(t.title, state, t), message(unread(failure, language), again));
    }
    if (phase === "cancelled") {
      return h("header", { class: "verdict" }, title(t.nothingToShow, state, t), h("p", {}, t.assistantStopped));
    }
    const planOnly = state.planning.is === "shown";
    return h(
      "header",
      { class: "verdict" },
      title(planOnly ? t.aPlan : t.oneMoment, state, t),
      planOnly && !state.canCall ? null : underWay(t.readingBackups),
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
      title(t[words], state, t),
      ...describeAll(restore.reasons, state.place).map((text) => h("p", { class: "why" }, text)),
      ...(isElsewhere ? describeHere(restore.here, state.place) : []).map((text) => h("p", { class: "why" }, text)),
      restore.toUnblock.length > 0 &&
        h("p", { class: "help" }, h("b", {}, t.toUnblock), describeAll(restore.toUnblock, state.place).join(" ")),
      restore.verdict === "possible" &&
        overwrites &&
        h("p", { class: "soft" }, t.withTheNewest, lower(describeFinding(overwrites, state.place))),
      failure && h("p", { class: "soft" }, t.readEarlier),
    ),
  );
}

function title(words: string, state: State, t: Texts): HTMLElement {
  const name = displayName(state);
  return h(
    "div",
    {},
    name && h("p", { class: "server" }, h("span", { class: "visually-hidden" }, t.server), name),
    h("h1", {}, words),
  );
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
