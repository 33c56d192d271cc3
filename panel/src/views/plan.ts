/** What going back to the chosen backup would mean. */

import type { Finding, Plan, Source } from "../results";
import { h, type Child } from "../dom";
import { busy, type Mode, type State } from "../state";
import { date } from "../formats";
import { TEXTS, type Texts } from "../texts";
import { planTitle, describeFinding, describeAll, unread } from "../words";
import { button, list, message, underWay } from "./shared";

const MODES = [
  ["in_place", "ontoThis", "ontoThisHint"],
  ["new_cloud_vps", "ontoNew", "ontoNewHint"],
] as const;

export interface PlanActions {
  plan(mode: Mode): void;
}

/** The plan's part of the view: what can be planned, or the plan. */
export function planning(state: State, actions: PlanActions): HTMLElement | null {
  const { planning, listing, chosen } = state;
  const { language } = state.place;
  const t = TEXTS[language];
  const backup = listing?.backups.find(({ id }) => id === chosen);
  const planned = planning.is === "shown" ? planning.plan.pointAt : null;
  const moment = date(planned ?? backup?.createdAt ?? null, state.place);
  switch (planning.is) {
    case "none":
      if (!state.canCall || chosen === null) return null;
      return section(
        t.seeFirst,
        h("p", {}, t.whatPlanShows),
        button(t.showPlan, () => actions.plan("in_place"), "main", "show-plan"),
      );
    case "reading":
      return section(planTitle(planning.mode, moment, t), modes(state, planning.mode, actions), underWay(t.makingPlan));
    case "failed":
      return section(
        planTitle(planning.mode, moment, t),
        modes(state, planning.mode, actions),
        message(
          unread(planning.failure, language),
          button(t.tryAgain, () => actions.plan(asMode(planning.mode)), "quiet", "ask-again"),
        ),
      );
    case "shown":
      return section(
        planTitle(planning.plan.mode, moment, t),
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
  const t = TEXTS[state.place.language];
  const offered = MODES.some(([mode]) => mode === current);
  if (!state.canCall || !offered || state.chosen === null) return null;
  return h(
    "div",
    { class: "modes", role: "group", "aria-label": t.whereTo },
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
        h("b", {}, t[label]),
        h("span", {}, t[hint]),
      ),
    ),
  );
}

function describe(plan: Plan, state: State): Child[] {
  const listed = (findings: Finding[]): HTMLElement | null => list(describeAll(findings, state.place));
  const t = TEXTS[state.place.language];
  const open = plan.verdict === "possible";
  const verdict = { possible: t.isPossible, blocked: t.isNotPossible };
  return [
    open
      ? null
      : message({
          tone: plan.verdict === "blocked" ? "bad" : "neutral",
          title: verdict[plan.verdict as "blocked"] ?? t.mayBePossible,
          lines: describeAll(plan.reasons, state.place),
        }),
    plan.source && h("p", { class: "source" }, t.fromBackupOf(sourceText(plan.source, t))),
    plan.dataLoss &&
      h(
        "div",
        { class: plan.dataLoss.code === "nothing" ? "lost-box none" : "lost-box" },
        h("h3", {}, t.dataLoss),
        h("p", {}, describeFinding(plan.dataLoss, state.place)),
      ),
    ...part(t.recommendedFirst, listed(plan.recommendedFirst)),
    ...part(t.sideEffects, listed(plan.sideEffects)),
    ...part(t.otherWays, listed(plan.alternatives)),
  ];
}

function sourceText({ id, name, status, address }: Source, t: Texts): string {
  const about = [status, address].filter((part) => part !== null);
  return `${name ? t.quoted(name) : id} (${about.join(", ") || t.statusUnknown})`;
}

const part = (title: string, items: HTMLElement | null): Child[] =>
  items === null ? [] : [h("h3", {}, title), items];
