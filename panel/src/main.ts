/** Draws the view, part by part; a part is redrawn only when what it shows has changed. */

import { h } from "./dom";
import { Panel } from "./panel";
import { languageOf, TEXTS, type Texts } from "./texts";
import { busy, timeLeft, type State } from "./state";
import { confirmation, tick } from "./views/confirm";
import { facts } from "./views/facts";
import { planning } from "./views/plan";
import { rehearsals } from "./views/rehearsals";
import { scale } from "./views/scale";
import { groupOf, timeline } from "./views/timeline";
import { verdict } from "./views/verdict";

const LAST_MINUTE = 60_000;

type Part = "verdict" | "rehearsals" | "facts" | "scale" | "backups" | "plan" | "confirm";

const root = document.getElementById("panel") as HTMLElement;
const status = document.getElementById("status") as HTMLElement;
const place = (part: Part): HTMLElement => h("div", { class: `part part-${part}` });
const places: Record<Part, HTMLElement> = {
  verdict: place("verdict"),
  rehearsals: place("rehearsals"),
  facts: place("facts"),
  scale: place("scale"),
  backups: place("backups"),
  plan: place("plan"),
  confirm: place("confirm"),
};
root.append(
  places.verdict,
  places.rehearsals,
  places.facts,
  h(
    "div",
    { class: "columns" },
    places.backups,
    h("div", { class: "column" }, places.plan, places.confirm),
  ),
);

const drawn = new Map<Part, string>();
let all = false;
let expired = false;
let warned = false;

/** Redraw `part` if `depends` differs from last time, and keep the focus where it was. */
function redraw(part: Part, depends: unknown, build: () => HTMLElement | null): void {
  const key = JSON.stringify(depends);
  if (drawn.get(part) === key) return;
  drawn.set(part, key);
  const place = places[part];
  const focused = place.contains(document.activeElement) ? document.activeElement?.id : null;
  const built = build();
  place.replaceChildren(...(built ? [built] : []));
  if (focused) {
    const again = document.getElementById(focused) ?? place.querySelector<HTMLElement>("[tabindex]");
    again?.focus({ preventScroll: true });
  }
}

function draw(state: State): void {
  const { place, canCall, listing, chosen, name, vpsId, act } = state;
  const t = TEXTS[place.language];
  document.documentElement.lang = place.language;
  document.title = t.title;
  const planning_ = state.planning;
  const locked = busy(state) || planning_.is === "reading";
  const left = timeLeft(state, Date.now());
  expired = left !== null && left <= 0;
  root.setAttribute("aria-busy", String(state.phase === "waiting" || state.phase === "reading"));

  redraw("verdict", [listing, state.phase, state.failure, place, canCall, name, vpsId, planning_.is === "shown"], () =>
    verdict(state, () => void panel.reread()),
  );
  redraw("rehearsals", [state.rehearsals, place], () => rehearsals(state));
  redraw("facts", [listing, place, canCall], () => listing && withNotice(facts(state, listing), canCall, t));
  const losing = wouldLose(state);
  const backup = listing?.backups.find(({ id }) => id === chosen);
  // Only the first group is in the order of time.
  const inOrder = backup === undefined || groupOf(backup) === "usable";
  places.backups.classList.toggle("losing", losing && inOrder);
  redraw("scale", [listing, chosen, canCall, losing, place], () => listing && scale(state, listing, losing));
  redraw("backups", [listing, place, canCall, all, locked, state.older], () =>
    listing && timeline(state, listing, all, locked, places.scale, {
      choose: (id) => panel.choose(id),
      showOlder: () => void showOlder(),
    }),
  );
  redraw("plan", [planning_, place, canCall, chosen, listing?.id, busy(state)], () =>
    planning(state, { plan: (mode) => void makePlan(mode) }),
  );
  redraw("confirm", [planning_, act, name, vpsId, canCall, expired, place], () =>
    confirmation(state, expired, {
      confirm: (typed) => panel.confirm(typed),
      plan: (mode) => void makePlan(mode),
      reread: () => void reread(),
      pollAgain: () => void panel.pollAgain(),
      verifyAgain: () => void panel.verifyAgain(),
    }),
  );
  if (left !== null) tick(left);
  announce(state);
}

/** Whether the current plan would overwrite the server. */
function wouldLose({ listing, planning: planned }: State): boolean {
  if (planned.is === "shown") {
    return planned.plan.mode === "in_place" && planned.plan.verdict === "possible";
  }
  if (planned.is === "reading") return planned.mode === "in_place";
  return listing?.restore.verdict === "possible";
}

function withNotice(part: HTMLElement, canCall: boolean, t: Texts): HTMLElement {
  if (canCall) return part;
  const notice = h("p", { class: "notice" }, t.readOnly);
  return h("div", {}, notice, part);
}

/** Show the rows that are left out, or else read more; the first new one gets the focus. */
async function showOlder(): Promise<void> {
  const shown = document.querySelectorAll(".line li input, .line li div.backup").length;
  if (all || shown === panel.state.listing?.backups.length) await panel.readOlder();
  all = true;
  draw(panel.state);
  document.querySelectorAll<HTMLElement>(".line li input")[shown]?.focus();
}

async function makePlan(mode: "in_place" | "new_cloud_vps"): Promise<void> {
  warned = false;
  await panel.plan(mode);
  document.getElementById("plan-title")?.focus();
}

async function reread(): Promise<void> {
  await panel.reread();
  places.verdict.querySelector<HTMLElement>("h1")?.scrollIntoView({ block: "nearest" });
  document.querySelector<HTMLElement>(".line input:checked")?.focus();
}

let lastWords = "";
let lastAct = "none";

/** Announce changes to screen readers: each once, progress in quarters. */
function announce(state: State): void {
  const words = announcement(state);
  if (words !== null && words !== lastWords) {
    lastWords = words;
    status.textContent = words;
  }
  const act = state.act.is;
  if (act !== lastAct) {
    lastAct = act;
    // The pressed button is gone; its outcome has taken its place.
    if (act !== "none") document.getElementById("message-title")?.focus({ preventScroll: true });
  }
}

function announcement(state: State): string | null {
  const { act, planning: planned, phase } = state;
  const t = TEXTS[state.place.language];
  if (act.is === "following") {
    if (act.percent === null) return t.sayStarted;
    return t.sayPercent(Math.floor(act.percent / 25) * 25);
  }
  if (act.is === "sending") return t.saySending;
  if (act.is !== "none") return document.getElementById("message-title")?.textContent ?? null;
  if (planned.is === "reading") return t.sayPlanning;
  if (planned.is === "shown") return t.sayPlanned;
  if (planned.is === "failed") return t.sayUnplanned;
  if (phase === "ready") return root.querySelector("h1")?.textContent ?? null;
  return null;
}

const panel = new Panel(draw);
draw(panel.state);

window.setInterval(() => {
  const left = timeLeft(panel.state, Date.now());
  if (left === null || panel.state.act.is !== "none") return;
  tick(left);
  if (left <= 0 && !expired) {
    draw(panel.state);
    status.textContent = TEXTS[panel.state.place.language].sayExpired;
  } else if (left > 0 && left <= LAST_MINUTE && !warned) {
    warned = true;
    status.textContent = TEXTS[panel.state.place.language].sayExpires;
  }
}, 1000);

panel.host.connect().catch(() => {
  places.verdict.replaceChildren(
    h("p", { class: "notice" }, TEXTS[languageOf(navigator.language) ?? "en"].openedAlone),
  );
});
