/** The same backups to scale, for the eye: how far back each one lies, and what would be lost. */

import type { Listing } from "../results";
import { h } from "../dom";
import type { State } from "../state";
import { span } from "../formats";
import { TEXTS } from "../texts";
import { ageOf } from "./timeline";

const HOUR = 3600;
/** Ages of the marks, in the order of their labels. */
const MARKS = [HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 365 * 24 * HOUR];
const MIN_MARK_GAP = 18;

/** `losing`: going back to the chosen one would overwrite what came after it. */
export function scale(state: State, listing: Listing, losing: boolean): HTMLElement | null {
  const ages = listing.backups.flatMap((backup) => {
    const age = ageOf(backup, state);
    return age === null ? [] : [{ id: backup.id, age }];
  });
  if (ages.length === 0) return null;
  const longest = Math.max(24 * HOUR, ...ages.map(({ age }) => age)) * 1.25;
  // Logarithmic: the last hours matter more to people than the hours of last month.
  const percent = (age: number): number =>
    100 * (1 - Math.log1p(age / HOUR) / Math.log1p(longest / HOUR));
  const at = (className: string, age: number, label?: string): HTMLElement => {
    const element = h("span", { class: className }, label);
    element.style.left = `${percent(age)}%`;
    return element;
  };

  const chosen = state.canCall ? ages.find(({ id }) => id === state.chosen) : undefined;
  const overwritten = chosen && losing ? chosen : null;
  let last = 100;
  const { language } = state.place;
  const t = TEXTS[language];
  const marks = MARKS.map((age, at) => ({ age, label: t.marks[at] ?? "" })).filter(({ age }) => {
    const place = percent(age);
    const fits = age < longest && place > 4 && last - place >= MIN_MARK_GAP;
    if (fits) last = place;
    return fits;
  });
  return h(
    "div",
    { class: "scale", "aria-hidden": "true" },
    overwritten && h("p", { class: "lost-label" }, t.wouldBeLost(span(overwritten.age, language))),
    h(
      "div",
      { class: "track" },
      overwritten && at("lost", overwritten.age),
      ...ages.map(({ id, age }) => at(id === chosen?.id ? "point chosen" : "point", age)),
      h("span", { class: "point present" }),
    ),
    h(
      "div",
      { class: "marks" },
      ...marks.map(({ label, age }) => at("mark-at", age, label)),
      h("span", { class: "mark-now" }, t.now),
    ),
  );
}
