/** The user's yes: typed, pressed, and followed to its end. */

import { h, type Child } from "../dom";
import type { Confirm, Question, Verification } from "../results";
import { displayName, type State } from "../state";
import { countdown } from "../formats";
import { TEXTS, type Language, type Texts } from "../texts";
import { describeAll, describeFinding, describeHere, endText } from "../words";
import { button, message, underWay } from "./shared";

export interface ConfirmActions {
  confirm(typed: string): string | null;
  plan(mode: "in_place" | "new_cloud_vps"): void;
  reread(): void;
  pollAgain(): void;
  verifyAgain(): void;
}

/** The confirmation below a plan; null where there is nothing to confirm. */
export function confirmation(
  state: State,
  expired: boolean,
  actions: ConfirmActions,
): HTMLElement | null {
  const { planning, act } = state;
  if (planning.is !== "shown") return null;
  const t = TEXTS[state.place.language];
  const area = (...children: Child[]): HTMLElement => h("section", { class: "confirm", "aria-label": t.decision }, ...children);
  const { verdict, here, planId } = planning.plan;
  if (planId === null) {
    if (verdict !== "possible" || here.allowed) return null;
    return area(...describeHere(here, state.place).map((text) => h("p", {}, text)));
  }
  if (act.is !== "none") return area(...progressOrEnd(state, planning.plan.mode, actions));
  if (!state.canCall) {
    return area(h("p", {}, t.notFromHere));
  }
  if (planning.plan.confirm === null) {
    return area(h("p", {}, t.notConfirmedHere));
  }
  if (expired) {
    const mode = planning.plan.mode;
    const again = mode === "in_place" || mode === "new_cloud_vps";
    return area(
      message(
        { tone: "neutral", title: t.expired, lines: [t.expiredMore] },
        again && state.chosen
          ? button(t.newPlan, () => actions.plan(mode), "main", "fresh-plan")
          : h("p", {}, t.askForNewPlan),
      ),
    );
  }
  const { mode, confirm } = planning.plan;
  return area(...form(confirm, displayName(state) ?? confirm.toType, mode, state, actions));
}

/** What the button says; it names what it does. */
function buttonLabel(mode: string, name: string, t: Texts): string {
  return mode === "new_cloud_vps" ? t.buildNow : t.restoreNow(name);
}

/** The question in the panel's language; only one is given if the language was chosen. */
function questionOf({ questions }: Confirm, language: Language): Question {
  const question = questions[language] ?? Object.values(questions)[0];
  return question ?? { lines: [], lastLine: "" };
}

function form(confirm: Confirm, name: string, mode: string, { place }: State, actions: ConfirmActions): Child[] {
  const t = TEXTS[place.language];
  const { lines, lastLine } = questionOf(confirm, place.language);
  const [what = "", ...facts] = lines;
  const { toType } = confirm;
  const before = lastLine.endsWith(toType) ? lastLine.slice(0, -toType.length) : `${lastLine} `;
  const problem = h("p", { class: "problem", id: "typed-problem", role: "alert" });
  const input = h("input", {
    type: "text",
    id: "typed",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": "question typed-problem time-left",
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.isComposing) press();
    },
  });
  const press = (): void => {
    const wrong = actions.confirm(input.value);
    problem.textContent = wrong ?? "";
    input.setAttribute("aria-invalid", String(wrong !== null));
    if (wrong !== null) input.focus();
  };
  return [
    h(
      "div",
      { class: "question", id: "question" },
      h("h3", {}, what),
      ...facts.map((line) => h("p", {}, line)),
      h("label", { for: "typed" }, before, h("strong", { class: "name" }, toType)),
    ),
    h("div", { class: "yes" }, input, button(buttonLabel(mode, name, t), press, "danger", "confirm")),
    problem,
    h("p", { class: "soft" }, t.onlyYou),
    h("p", { class: "soft", id: "time-left" }, t.expiresIn[0], h("span", { id: "countdown" }), t.expiresIn[1]),
  ];
}

/** Show the time left, without disturbing what the user is doing. */
export function tick(left: number): void {
  const element = document.getElementById("countdown");
  if (element) element.textContent = countdown(left);
}

function progressOrEnd(state: State, mode: string, actions: ConfirmActions): Child[] {
  const { act } = state;
  const { language } = state.place;
  const t = TEXTS[language];
  const server = displayName(state) ?? t.theServer;
  switch (act.is) {
    case "none":
      return [];
    case "sending":
      return [h("h3", { tabindex: "-1", id: "message-title" }, t.sendingYes), underWay(t.checkingOnce)];
    case "following": {
      const title = mode === "new_cloud_vps" ? t.building : t.restoring(server);
      return [
        h("h3", { tabindex: "-1", id: "message-title" }, title),
        progress(act.percent, t),
        h("p", { class: "soft" }, act.waiting ? t.startsSoon : t.continues),
      ];
    }
    case "progress_unknown":
      return [
        message(
          {
            tone: "neutral",
            title: t.progressUnknown,
            lines: [t.progressUnknownMore],
          },
          button(t.checkAgain, () => actions.pollAgain(), "quiet", "look-again"),
        ),
      ];
    case "verifying":
      return [
        h("h3", { tabindex: "-1", id: "message-title" }, t.restoreComplete),
        ...(act.found === null ? [] : evidence(act.found, state)),
        underWay(t.looking),
      ];
    case "over": {
      const wayBack = act.wayBack !== null && h("p", { class: "way-back" }, describeFinding(act.wayBack, state.place));
      if (act.end.is === "verified") {
        const { found } = act.end;
        const again = found.verdict === "back" ? null : button(t.lookAgain, () => actions.verifyAgain(), "quiet", "verify-again");
        return [
          message(
            endText(act.end, server, mode, language),
            ...evidence(found, state),
            wayBack,
            again,
            button(t.readBackupsAgain, () => actions.reread(), "quiet", "read-again"),
          ),
        ];
      }
      const unknown = act.end.is === "unknown";
      return [
        message(
          endText(act.end, server, mode, language),
          wayBack,
          unknown ? null : button(t.readBackupsAgain, () => actions.reread(), "quiet", "read-again"),
        ),
      ];
    }
  }
}

/** What was seen of the restored server, with what it proves, and what the user can look at. */
function evidence(found: Verification, state: State): Child[] {
  const checks = describeAll(found.toCheck, state.place);
  return [
    h(
      "ul",
      { class: "plain evidence" },
      ...found.items.map(({ finding, proves }) => h("li", { class: proves }, describeFinding(finding, state.place))),
    ),
    checks.length > 0 && h("p", {}, checks.join(" ")),
  ];
}

function progress(percent: number | null, t: Texts): HTMLElement {
  const known = percent !== null;
  const filled = h("span", { class: known ? "filled" : "filled unknown" });
  if (known) filled.style.width = `${percent}%`;
  const bar = h(
    "div",
    {
      class: "progress",
      role: "progressbar",
      "aria-label": t.progress,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      ...(known && { "aria-valuenow": String(Math.round(percent)) }),
    },
    filled,
  );
  return h("div", { class: "following" }, bar, h("span", { class: "percent", "aria-hidden": "true" }, known ? `${Math.round(percent)} %` : ""));
}
