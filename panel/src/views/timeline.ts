/** The backups of one server as a time line, newest first, one of them chosen. */

import type { Backup, Listing } from "../results";
import { h } from "../dom";
import type { State } from "../state";
import { date, size, span } from "../formats";

const INITIALLY_SHOWN = 6;

export interface TimelineActions {
  choose(backupId: string): void;
  showAll(): void;
}

/** Seconds since the backup was made, as of now; null if unknown. */
export function ageOf(backup: Backup, state: State): number | null {
  if (backup.ageSeconds === null) return null;
  return backup.ageSeconds + Math.max(0, (Date.now() - state.readAt) / 1000);
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
  const { backups } = listing;
  if (backups.length === 0) {
    return h(
      "section",
      { class: "backups", "aria-labelledby": "backups-title" },
      h("h2", { id: "backups-title" }, "Backups"),
      h("p", { class: "empty" }, "There is none yet."),
    );
  }
  const chosenAt = backups.findIndex((backup) => backup.id === state.chosen);
  const few = all || backups.length <= INITIALLY_SHOWN + 1 || chosenAt >= INITIALLY_SHOWN;
  const shown = few ? backups : backups.slice(0, INITIALLY_SHOWN);
  const rows = shown.map((backup) => row(backup, state, actions));
  const count = backups.length === 1 ? "1 backup" : `${backups.length} backups`;
  return h(
    "section",
    { class: "backups", "aria-labelledby": "backups-title" },
    h("h2", { id: "backups-title" }, count),
    toScale,
    h(
      "fieldset",
      { class: "line", disabled: locked },
      h(
        "legend",
        { class: "visually-hidden" },
        state.canCall ? "Choose the backup to go back to" : "Backups, newest first",
      ),
      h("ol", {}, h("li", { class: "now" }, h("span", {}, "Now: the current state")), ...rows),
    ),
    few
      ? null
      : h(
          "button",
          { type: "button", class: "button quiet", id: "show-all", onclick: () => actions.showAll() },
          `Show all ${backups.length} backups`,
        ),
  );
}

function row(backup: Backup, state: State, actions: TimelineActions): HTMLElement {
  const age = ageOf(backup, state);
  const when = date(backup.createdAt, state.place);
  const body = [
    h("span", { class: "age" }, age === null ? "Age unknown" : `${span(age)} ago`),
    h("span", { class: "when" }, when ?? "Date unknown"),
    h("span", { class: "size" }, size(backup.sizeGb)),
    h("span", { class: "kind" }, backup.kind ?? "kind unknown"),
    backup.note &&
      h(
        "span",
        { class: "note" },
        h("span", { class: "visually-hidden" }, "Note: "),
        h("q", {}, backup.note),
      ),
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
