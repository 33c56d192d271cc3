/** The user's yes: typed, pressed, and followed to its end. */

import { h, type Child } from "../dom";
import type { Confirm, Verification } from "../results";
import { displayName, type State } from "../state";
import { countdown } from "../formats";
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
  const { verdict, here, planId } = planning.plan;
  if (planId === null) {
    if (verdict !== "possible" || here.allowed) return null;
    return area("confirm", ...describeHere(here, state.place).map((text) => h("p", {}, text)));
  }
  if (act.is !== "none") return area("confirm", ...progressOrEnd(state, planning.plan.mode, actions));
  if (!state.canCall) {
    return area("confirm", h("p", {}, "It cannot be carried out from here. Tell the assistant if you want it, or do it yourself in HostUp’s panel."));
  }
  if (planning.plan.confirm === null) {
    return area("confirm", h("p", {}, "It cannot be confirmed here. Ask the assistant, or do it yourself in HostUp’s panel."));
  }
  if (expired) {
    const mode = planning.plan.mode;
    const again = mode === "in_place" || mode === "new_cloud_vps";
    return area(
      "confirm",
      message(
        { tone: "neutral", title: "This plan has expired", lines: ["Nothing was changed. A plan is valid for ten minutes."] },
        again && state.chosen
          ? button("Make a new plan", () => actions.plan(mode), "main", "fresh-plan")
          : h("p", {}, "Ask the assistant for a new one."),
      ),
    );
  }
  const { mode, confirm } = planning.plan;
  return area("confirm", ...form(confirm, displayName(state) ?? confirm.toType, mode, actions));
}

/** What the button says; it names what it does. */
function buttonLabel(mode: string, name: string): string {
  return mode === "new_cloud_vps" ? "Build the new server" : `Restore ${name} now`;
}

function form(confirm: Confirm, name: string, mode: string, actions: ConfirmActions): Child[] {
  const [what = "", ...facts] = confirm.question;
  const { lastLine, toType } = confirm;
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
    h("div", { class: "yes" }, input, button(buttonLabel(mode, name), press, "danger", "confirm")),
    problem,
    h("p", { class: "soft" }, "Only you can say yes here; the assistant cannot press this button."),
    h("p", { class: "soft", id: "time-left" }, "This plan expires in ", h("span", { id: "countdown" }), " minutes."),
  ];
}

/** Show the time left, without disturbing what the user is doing. */
export function tick(left: number): void {
  const element = document.getElementById("countdown");
  if (element) element.textContent = countdown(left);
}

function progressOrEnd(state: State, mode: string, actions: ConfirmActions): Child[] {
  const { act } = state;
  const server = displayName(state) ?? "The server";
  switch (act.is) {
    case "none":
      return [];
    case "sending":
      return [h("h3", { tabindex: "-1", id: "message-title" }, "Sending your yes"), underWay("Checking once more that nothing has changed, then sending it to HostUp…")];
    case "following": {
      const title = mode === "new_cloud_vps" ? "The new server is being made" : `${server} is being restored`;
      return [
        h("h3", { tabindex: "-1", id: "message-title" }, title),
        progress(act.percent),
        h("p", { class: "soft" }, act.waiting ? "HostUp has accepted it and will start soon." : "It continues even if you close this."),
      ];
    }
    case "progress_unknown":
      return [
        message(
          {
            tone: "neutral",
            title: "It was started, but its progress is not available",
            lines: ["This does not mean that it failed: HostUp carries on with it. Do not start it again."],
          },
          button("Check again", () => actions.pollAgain(), "quiet", "look-again"),
        ),
      ];
    case "verifying":
      return [
        h("h3", { tabindex: "-1", id: "message-title" }, "HostUp says the restore is complete"),
        ...(act.found === null ? [] : evidence(act.found, state)),
        underWay("Looking whether the server is back…"),
      ];
    case "over": {
      if (act.end.is === "verified") {
        const { found } = act.end;
        const again = found.verdict === "back" ? null : button("Look again", () => actions.verifyAgain(), "quiet", "verify-again");
        return [
          message(
            endText(act.end, server, mode),
            ...evidence(found, state),
            again,
            button("Read the backups again", () => actions.reread(), "quiet", "read-again"),
          ),
        ];
      }
      const unknown = act.end.is === "unknown";
      return [
        message(
          endText(act.end, server, mode),
          unknown ? null : button("Read the backups again", () => actions.reread(), "quiet", "read-again"),
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

function progress(percent: number | null): HTMLElement {
  const known = percent !== null;
  const filled = h("span", { class: known ? "filled" : "filled unknown" });
  if (known) filled.style.width = `${percent}%`;
  const bar = h(
    "div",
    {
      class: "progress",
      role: "progressbar",
      "aria-label": "Progress of the restore",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      ...(known && { "aria-valuenow": String(Math.round(percent)) }),
    },
    filled,
  );
  return h("div", { class: "following" }, bar, h("span", { class: "percent", "aria-hidden": "true" }, known ? `${Math.round(percent)} %` : ""));
}

const area = (className: string, ...children: Child[]): HTMLElement =>
  h("section", { class: className, "aria-label": "Your decision" }, ...children);
