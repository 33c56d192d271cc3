/** What going back to the chosen backup would mean. */

import type { Finding, Plan } from "../results";
import { h, type Child } from "../dom";
import { busy, type Mode, type State } from "../state";
import { date } from "../formats";
import { planTitle, describeFinding, describeAll, unread } from "../words";
import { button, list, message, underWay } from "./shared";

const MODES: readonly [mode: Mode, label: string, hint: string][] = [
  ["in_place", "Over this server", "Its current contents are replaced"],
  ["new_cloud_vps", "Onto a new server", "This server stays as it is; the new one costs money"],
];

export interface PlanActions {
  plan(mode: Mode): void;
}

/** The plan's part of the view: what can be planned, or the plan. */
export function planning(state: State, actions: PlanActions): HTMLElement | null {
  const { planning, listing, chosen } = state;
  const backup = listing?.backups.find(({ id }) => id === chosen);
  const planned = planning.is === "shown" ? planning.plan.pointAt : null;
  const moment = date(planned ?? backup?.createdAt ?? null, state.place);
  switch (planning.is) {
    case "none":
      if (!state.canCall || chosen === null) return null;
      return section(
        "See first what would happen",
        h("p", {}, "The plan shows what restoring the chosen backup would do. It changes nothing."),
        button("Show what would happen", () => actions.plan("in_place"), "main", "show-plan"),
      );
    case "reading":
      return section(planTitle(planning.mode, moment), modes(state, planning.mode, actions), underWay("Making the plan…"));
    case "failed":
      return section(
        planTitle(planning.mode, moment),
        modes(state, planning.mode, actions),
        message(
          unread(planning.failure),
          button("Try again", () => actions.plan(asMode(planning.mode)), "quiet", "ask-again"),
        ),
      );
    case "shown":
      return section(
        planTitle(planning.plan.mode, moment),
        modes(state, planning.plan.mode, actions),
        ...describe(planning.plan, state),
      );
  }
}

function section(title: string, ...children: Child[]): HTMLElement {
  return h(
    "section",
    { class: "plan", "aria-labelledby": "plan-title" },
    h("h2", { id: "plan-title", tabindex: "-1" }, title),
    ...children,
  );
}

const asMode = (mode: string): Mode => (mode === "new_cloud_vps" ? mode : "in_place");

function modes(state: State, current: string, actions: PlanActions): HTMLElement | null {
  const offered = MODES.some(([mode]) => mode === current);
  if (!state.canCall || !offered || state.chosen === null) return null;
  return h(
    "div",
    { class: "modes", role: "group", "aria-label": "Where the backup goes" },
    ...MODES.map(([mode, label, hint]) =>
      h(
        "button",
        {
          type: "button",
          class: "mode",
          id: `mode-${mode}`,
          "aria-pressed": String(mode === current),
          disabled: busy(state),
          onclick: () => {
            if (mode !== current) actions.plan(mode);
          },
        },
        h("b", {}, label),
        h("span", {}, hint),
      ),
    ),
  );
}

function describe(plan: Plan, state: State): Child[] {
  const listed = (findings: Finding[]): HTMLElement | null => list(describeAll(findings, state.place));
  const open = plan.verdict === "possible";
  const verdict = { possible: "This is possible now", blocked: "This is not possible now" };
  return [
    open
      ? null
      : message({
          tone: plan.verdict === "blocked" ? "bad" : "neutral",
          title: verdict[plan.verdict as "blocked"] ?? "It is not known whether this is possible",
          lines: describeAll(plan.reasons, state.place),
        }),
    plan.source && h("p", { class: "source" }, `From a backup of ${plan.source}.`),
    plan.dataLoss &&
      h(
        "div",
        { class: plan.dataLoss.code === "nothing" ? "lost-box none" : "lost-box" },
        h("h3", {}, "Data loss"),
        h("p", {}, describeFinding(plan.dataLoss, state.place)),
      ),
    ...part("Recommended first", listed(plan.recommendedFirst)),
    ...part("Side effects", listed(plan.sideEffects)),
    ...part("Other ways", listed(plan.alternatives)),
  ];
}

const part = (title: string, items: HTMLElement | null): Child[] =>
  items === null ? [] : [h("h3", {}, title), items];
