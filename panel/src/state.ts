/** Everything that the view shows, in one place; `panel.ts` changes it, `views/` draw it. */

import type { Failure, Finding, Listing, Plan, Verification } from "./results";
import type { Place } from "./formats";

export type Mode = "in_place" | "new_cloud_vps";

export type Planning =
  | { is: "none" }
  | { is: "reading"; backupId: string | null; mode: string }
  | { is: "shown"; backupId: string | null; plan: Plan }
  | { is: "failed"; backupId: string | null; mode: string; failure: Failure };

/** What became of the user's yes. */
export type Act =
  | { is: "none" }
  | { is: "sending" }
  | { is: "following"; jobId: string; percent: number | null; waiting: boolean }
  | { is: "progress_unknown"; jobId: string; percent: number | null }
  /** HostUp says that it is complete; whether the server is back is being looked at. */
  | { is: "verifying"; found: Verification | null }
  /** `wayBack` is what the restore can be undone with. */
  | { is: "over"; end: End; wayBack: Finding | null };

export type End =
  | { is: "succeeded" | "done" | "accepted" | "job_failed" | "job_ended_otherwise" | "gone" }
  | { is: "verified"; found: Verification }
  | { is: "refused"; failure: Failure }
  | { is: "unknown"; seen: string | null };

export interface State {
  place: Place;
  canCall: boolean;
  phase: "waiting" | "reading" | "ready" | "failed" | "cancelled";
  failure: Failure | null;
  listing: Listing | null;
  /** Rehearsals that still cost money, as the latest result says. */
  rehearsals: Finding[];
  /** This machine's time at which the ages in the listing were right. */
  readAt: number;
  /** How far the server's clock is ahead of this machine's, in milliseconds. */
  ahead: number;
  vpsId: string | null;
  /** The server's name; null where it was not read, or has none. */
  name: string | null;
  chosen: string | null;
  /** Reading the next backups of a long list. */
  older: "none" | "reading" | "failed";
  planning: Planning;
  act: Act;
}

export const start: State = {
  place: { language: "en" },
  canCall: false,
  phase: "waiting",
  failure: null,
  listing: null,
  rehearsals: [],
  readAt: 0,
  ahead: 0,
  vpsId: null,
  name: null,
  chosen: null,
  older: "none",
  planning: { is: "none" },
  act: { is: "none" },
};

/** The server as the user knows it. */
export function displayName(state: State): string | null {
  return state.name || state.vpsId;
}

/** Whether a yes is on its way or being carried out. */
export const busy = (state: State): boolean =>
  ["sending", "following", "progress_unknown", "verifying"].includes(state.act.is);

/** Milliseconds until the plan expires; null without a plan that can be carried out. */
export function timeLeft(state: State, now: number): number | null {
  if (state.planning.is !== "shown") return null;
  const { planId, expiresAt } = state.planning.plan;
  return planId === null || expiresAt === null ? null : expiresAt - (now + state.ahead);
}
