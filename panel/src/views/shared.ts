/** Pieces that several parts of the view are made of. */

import { h, icon, ICONS, type Child } from "../dom";
import type { Message } from "../words";

const TONES = { good: ICONS.check, bad: ICONS.cross, neutral: ICONS.question } as const;

export function list(items: readonly string[], className = "plain"): HTMLUListElement | null {
  if (items.length === 0) return null;
  return h("ul", { class: className }, ...items.map((item) => h("li", {}, item)));
}

export function button(
  label: string,
  onclick: () => void,
  kind: "main" | "quiet" | "danger" = "quiet",
  id?: string,
): HTMLButtonElement {
  return h("button", { type: "button", class: `button ${kind}`, onclick, ...(id && { id }) }, label);
}

/** A boxed message with a picture for its tone. */
export function message({ tone, title, lines, original }: Message, ...more: Child[]): HTMLElement {
  return h(
    "div",
    { class: `message ${tone}` },
    h("span", { class: "mark" }, icon(TONES[tone])),
    h(
      "div",
      { class: "words" },
      h("h3", { tabindex: "-1", id: "message-title" }, title),
      ...lines.map((line) => h("p", {}, line)),
      original && h("p", { class: "soft" }, original.label, h("q", { lang: "en" }, original.text)),
      ...more,
    ),
  );
}

/** A line that says that something is under way. */
export const underWay = (text: string): HTMLElement =>
  h("p", { class: "under-way" }, h("span", { class: "dot", "aria-hidden": "true" }), text);
