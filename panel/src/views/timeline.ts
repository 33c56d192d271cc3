/** The backups of one server as a time line, newest first, one of them chosen. */

import type { Backup, Listing } from "../results";
import { h } from "../dom";
import type { State } from "../state";
import { date, size, span } from "../formats";
import { TEXTS } from "../texts";
import { describeFinding } from "../words";
import { button, underWay } from "./shared";

const INITIALLY_SHOWN = 6;

type Group = "usable" | "doubtful" | "undated";

export interface TimelineActions {
  choose(backupId: string): void;
  showOlder(): void;
}

/** Seconds since the backup was made, as of now; null if unknown. */
export function ageOf(backup: Backup, state: State): number | null {
  if (backup.ageSeconds === null) return null;
  return backup.ageSeconds + Math.max(0, (Date.now() - state.readAt) / 1000);
}

/** The group that the server lists a backup in, the usable ones first. */
export function groupOf(backup: Backup): Group {
  if (backup.ageSeconds === null) return "undated";
  return backup.doubt ? "doubtful" : "usable";
}

/** The backups to choose from; read-only where the view cannot call tools. */
export function timeline(
  state: State,
  listing: Listing,
  all: boolean,
  locked: boolean,
  toScale: HTMLElement,
  actions: TimelineActions,
): HTMLElement {
  const { backups, total } = listing;
  const t = TEXTS[state.place.language];
  if (backups.length === 0) {
    return h(
      "section",
      { class: "backups", "aria-labelledby": "backups-title" },
      h("h2", { id: "backups-title" }, t.backups),
      h("p", { class: "empty" }, t.noBackups),
    );
  }
  const chosenAt = backups.findIndex((backup) => backup.id === state.chosen);
  const few = all || total <= INITIALLY_SHOWN + 1 || chosenAt >= INITIALLY_SHOWN;
  const shown = few ? backups : backups.slice(0, INITIALLY_SHOWN);
  return h(
    "section",
    { class: "backups", "aria-labelledby": "backups-title" },
    h("h2", { id: "backups-title" }, t.backupCount(total)),
    toScale,
    h(
      "fieldset",
      { class: "line", disabled: locked },
      h(
        "legend",
        { class: "visually-hidden" },
        state.canCall ? t.choose : t.newestFirst,
      ),
      h("ol", {}, h("li", { class: "now" }, h("span", {}, t.currentState)), ...rows(shown, state, actions)),
    ),
    ...older(state, backups.length - shown.length, total - shown.length, actions),
  );
}

function rows(shown: Backup[], state: State, actions: TimelineActions): HTMLElement[] {
  let last: Group = "usable";
  const t = TEXTS[state.place.language];
  return shown.flatMap((backup) => {
    const group = groupOf(backup);
    const heading = group === last || group === "usable" ? [] : [h("li", { class: "group" }, t[group])];
    last = group;
    return [...heading, row(backup, state, actions)];
  });
}

/** The way to the rest of the list: `hidden` were read already, `left` are there in all. */
function older(
  state: State,
  hidden: number,
  left: number,
  actions: TimelineActions,
): (HTMLElement | null)[] {
  if (left <= 0) return [];
  const t = TEXTS[state.place.language];
  if (hidden === 0 && !state.canCall) {
    return [h("p", { class: "soft" }, t.moreElsewhere(left))];
  }
  if (state.older === "reading") return [underWay(t.readingMore)];
  return [
    state.older === "failed" ? h("p", { class: "soft" }, t.moreUnread) : null,
    button(t.showMore(left), () => actions.showOlder(), "quiet", "show-older"),
  ];
}

function row(backup: Backup, state: State, actions: TimelineActions): HTMLElement {
  const age = ageOf(backup, state);
  const { language } = state.place;
  const t = TEXTS[language];
  const when = date(backup.createdAt, state.place);
  const body = [
    h("span", { class: "age" }, age === null ? t.ageUnknown : t.ago(span(age, language))),
    h("span", { class: "when" }, when ?? t.dateUnknown),
    h("span", { class: "size" }, size(backup.sizeGb, language)),
    h("span", { class: "kind" }, backup.kind === null ? t.kindUnknown : (t.kinds[backup.kind] ?? backup.kind)),
    backup.note &&
      h(
        "span",
        { class: "note" },
        h("span", { class: "visually-hidden" }, t.note),
        h("q", {}, backup.note),
      ),
    backup.doubt && h("span", { class: "note" }, describeFinding(backup.doubt, state.place)),
    backup.request && h("span", { class: "note" }, describeFinding(backup.request, state.place)),
  ];
  if (!state.canCall) return h("li", {}, h("div", { class: "backup" }, ...body));
  const input = h("input", {
    type: "radio",
    name: "backup",
    id: `backup-${backup.id}`,
    value: backup.id,
    checked: backup.id === state.chosen,
    onchange: () => actions.choose(backup.id),
  });
  return h("li", {}, h("label", { class: "backup" }, input, ...body));
}
