/** Reacts to results that arrive and to what the user chooses, plans and confirms. */

import {
  CONFIRM_TOOL,
  readJob,
  readListing,
  readPlan,
  readServers,
  readStarted,
  readVerification,
  UNEXPLAINED,
  type Failure,
  type Finding,
  type Listing,
  type Plan,
  type Verification,
} from "./results";
import { Host, type Delivered, type Outcome } from "./host";
import { TEXTS } from "./texts";
import { busy, start, timeLeft, type Act, type End, type Mode, type State } from "./state";

const MAX_PAGES = 10;
/** Backups that are requested at a time after the first page. */
const OLDER = 100;
const STALE_AFTER = 2 * 60_000;
const CONFIRM_SECONDS = 180;
/** How long `get_job` waits each time: short at first, so that something is seen to move. */
const WAITS = [2, 4, 8, 15];
const MAX_FAILED_POLLS = 4;
const FAILED_POLL_PAUSE = 3;
/** Seconds before each look at the restored server, for as long as it may still be starting. */
const LOOKS = [0, 3, 6, 12, 20, 25];
/** What the server says where looking again may show more. */
const MAY_CHANGE = new Set(["look_again", "look_again_soon", "wait_for_restore"]);
/** `get_job` does the waiting; this is for a host or server that responds at once all the same. */
const POLL_PAUSE = 0.5;

const seconds = (count: number): Promise<void> =>
  new Promise((resolve) => window.setTimeout(resolve, count * 1000));

export class Panel {
  state: State = start;
  readonly host: Host;
  /** Number of the latest read or plan; results of earlier ones are ignored. */
  private turn = 0;
  /** The server that holds the restored data, once HostUp has accepted the restore. */
  private restored: string | null = null;
  /** What that restore can be undone with. */
  private wayBack: Finding | null = null;

  constructor(private readonly draw: (state: State) => void) {
    this.host = new Host({
      delivered: (result) => this.take(result),
      cancelled: () => {
        if (this.state.phase === "waiting") this.set({ phase: "cancelled" });
      },
      changed: () => this.set({ place: this.host.place, canCall: this.host.canCall }),
    });
  }

  /** Choose a backup; nothing is sent yet. */
  choose(backupId: string): void {
    if (busy(this.state) || this.state.chosen === backupId) return;
    this.turn++;
    this.set({ chosen: backupId, planning: { is: "none" }, act: { is: "none" } });
  }

  /** Plan a restore of the chosen backup. */
  async plan(mode: Mode): Promise<void> {
    const { chosen: backupId, vpsId } = this.state;
    if (busy(this.state) || backupId === null || vpsId === null) return;
    const turn = ++this.turn;
    this.set({ planning: { is: "reading", backupId, mode }, act: { is: "none" } });
    const outcome = await this.host.call("plan_restore", { id: vpsId, mode, backupId });
    if (turn !== this.turn) return;
    const plan = outcome.is === "result" ? readPlan(outcome.data, outcome.meta) : null;
    this.set({
      rehearsals: plan?.rehearsals ?? this.state.rehearsals,
      planning: plan
        ? { is: "shown", backupId, plan }
        : { is: "failed", backupId, mode, failure: failureOf(outcome) },
    });
    const left = timeLeft(this.state, Date.now());
    // A new plan that seems to have expired: this machine's clock was changed.
    if (left !== null && left <= 0) await this.readListing(vpsId);
    if (plan) await this.readName();
  }

  /** Read the next backups of a list that is longer than what was read. */
  async readOlder(): Promise<void> {
    const { listing } = this.state;
    if (busy(this.state) || this.state.older === "reading" || !listing?.nextBefore) return;
    this.set({ older: "reading" });
    const args = { id: listing.id, limit: OLDER, before: listing.nextBefore };
    const outcome = await this.host.call("list_vps_backups", args);
    // The list may have been read anew meanwhile.
    if (this.state.listing !== listing) return this.set({ older: "none" });
    if (outcome.is === "failed" && outcome.failure.kind === "backup_missing") {
      this.set({ older: "none" });
      return this.readListing(listing.id);
    }
    const next = outcome.is === "result" ? readListing(outcome.data) : null;
    if (next === null) return this.set({ older: "failed" });
    const since = (Date.now() - this.state.readAt) / 1000;
    const backups = next.backups.map((backup) => ({
      ...backup,
      ageSeconds: backup.ageSeconds === null ? null : backup.ageSeconds - since,
    }));
    this.set({
      older: "none",
      listing: {
        ...listing,
        backups: [...listing.backups, ...backups],
        total: next.total,
        nextBefore: next.nextBefore,
      },
    });
  }

  /** Read the backups again, and forget plan and outcome. */
  async reread(): Promise<void> {
    if (busy(this.state) || this.state.vpsId === null) return;
    this.turn++;
    this.set({ planning: { is: "none" }, act: { is: "none" } });
    await this.readListing(this.state.vpsId);
  }

  /** Carry out the shown plan if `typed` is what names the server. Returns what is wrong, or null. */
  confirm(typed: string): string | null {
    const { planning, act } = this.state;
    const left = timeLeft(this.state, Date.now());
    if (planning.is !== "shown" || act.is !== "none") return null;
    const { planId, confirm } = planning.plan;
    if (planId === null || confirm === null || left === null || left <= 0) return null;
    const t = TEXTS[this.state.place.language];
    if (typed.trim() === "") return t.typeTheName;
    if (typed.trim() !== confirm.toType) return t.wrongName;
    void this.carryOut({ planId, ticket: confirm.ticket, typedName: typed.trim() });
    return null;
  }

  /** Poll the job again whose progress was unknown. */
  async pollAgain(): Promise<void> {
    const { act } = this.state;
    if (act.is === "progress_unknown") await this.follow(act.jobId, act.percent);
  }

  /** Look at the restored server again. */
  async verifyAgain(): Promise<void> {
    const { act } = this.state;
    if (act.is === "over" && act.end.is === "verified") await this.verify("succeeded");
  }

  /** Read the server's name; until then its id stands for it. */
  private async readName(): Promise<void> {
    const { vpsId } = this.state;
    if (vpsId === null || this.state.name !== null || !this.host.canCall) return;
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page++) {
      const outcome: Outcome = await this.host.call("list_vps", {
        limit: 100,
        ...(cursor === null ? {} : { cursor }),
      });
      if (outcome.is !== "result") break;
      const { servers, next } = readServers(outcome.data);
      const found = servers.find((server) => server.id === vpsId);
      if (found) {
        this.set({ name: found.name });
        return;
      }
      if (next === null) break;
      cursor = next;
    }
  }

  private take({ arguments: args, outcome }: Delivered): void {
    if (busy(this.state)) return;
    if (outcome.is !== "result") {
      this.set({ phase: "failed", failure: failureOf(outcome) });
      return;
    }
    const listing = readListing(outcome.data);
    const plan = readPlan(outcome.data, outcome.meta);
    if (listing) this.takeListing(listing);
    else if (plan) this.takePlan(plan, args["backupId"]);
    else this.set({ phase: "failed", failure: failureOf(outcome) });
  }

  private takeListing(listing: Listing): void {
    const ahead = aheadBy(listing);
    this.show(listing, 0);
    void this.readName();
    // A result from long ago, in a conversation that is opened again, is read anew.
    if (ahead !== null && Math.abs(ahead) > STALE_AFTER && this.host.canCall) {
      void this.readListing(listing.id);
    }
  }

  private takePlan(plan: Plan, backup: unknown): void {
    const backupId = typeof backup === "string" ? backup : null;
    this.set({
      phase: "ready",
      vpsId: plan.id,
      name: plan.name ?? this.state.name,
      chosen: backupId,
      rehearsals: plan.rehearsals,
      planning: { is: "shown", backupId, plan },
    });
    void this.readName();
    if (this.host.canCall) void this.readListing(plan.id);
  }

  private async readListing(vpsId: string): Promise<void> {
    if (this.state.listing === null && this.state.planning.is !== "shown") {
      this.set({ phase: "reading" });
    }
    const outcome = await this.host.call("list_vps_backups", { id: vpsId });
    const listing = outcome.is === "result" ? readListing(outcome.data) : null;
    if (listing) this.show(listing, aheadBy(listing) ?? this.state.ahead);
    else this.set({ phase: "ready", failure: failureOf(outcome) });
  }

  private show(listing: Listing, ahead: number): void {
    const { chosen, planning } = this.state;
    // The backup of the shown plan may be on a later page.
    const kept =
      listing.backups.some((backup) => backup.id === chosen) ||
      (planning.is === "shown" && planning.backupId === chosen);
    this.set({
      phase: "ready",
      failure: null,
      listing,
      rehearsals: listing.rehearsals,
      readAt: Date.now(),
      ahead,
      vpsId: listing.id,
      name: listing.name ?? this.state.name,
      older: "none",
      chosen: kept ? chosen : (listing.backups[0]?.id ?? null),
    });
  }

  private async carryOut(yes: { planId: string; ticket: string; typedName: string }): Promise<void> {
    this.wayBack = null;
    this.act({ is: "sending" });
    const outcome = await this.host.call(CONFIRM_TOOL, yes, CONFIRM_SECONDS);
    switch (outcome.is) {
      case "not_sent":
        this.over({
          is: "refused",
          failure: {
            kind: "not_sent",
            message: { reason: "notSent" },
            seen: null,
            retryAfterSeconds: null,
          },
        });
        return;
      case "no_result":
        this.over({ is: "unknown", seen: null });
        return;
      case "failed":
        this.over(endOf(outcome.failure));
        return;
      case "result": {
        const started = readStarted(outcome.data);
        this.restored = started?.vpsId ?? null;
        this.wayBack = started?.wayBack ?? null;
        if (started === null) this.over({ is: "unknown", seen: null });
        else if (started.state === "done") await this.verify("done");
        else if (started.jobId === null) this.over({ is: "accepted" });
        else await this.follow(started.jobId, null);
      }
    }
  }

  private async follow(jobId: string, percent: number | null): Promise<void> {
    let shown = percent;
    let waiting = shown === null;
    const progressed = (now: number | null): void => {
      // Progress reported from several places may seem to go back; it does not.
      if (now !== null && now >= 0) shown = Math.min(100, Math.max(shown ?? 0, now));
      this.act({ is: "following", jobId, percent: shown, waiting });
    };
    progressed(null);
    for (let polls = 0, failed = 0; failed < MAX_FAILED_POLLS; polls++) {
      const waitSeconds = WAITS[Math.min(polls, WAITS.length - 1)] ?? 15;
      const args = { jobId, waitSeconds };
      const outcome = await this.host.call("get_job", args, waitSeconds + 60, progressed);
      const job = outcome.is === "result" ? readJob(outcome.data) : null;
      if (job === null) {
        failed++;
        await seconds(FAILED_POLL_PAUSE);
        continue;
      }
      failed = 0;
      waiting = job.state === "waiting";
      if (job.state === "succeeded") return this.verify("succeeded");
      if (job.state === "ended_otherwise") return this.over({ is: "job_ended_otherwise" });
      if (job.state === "failed") return this.over({ is: "job_failed" });
      if (job.state === "gone") return this.over({ is: "gone" });
      progressed(job.progress);
      await seconds(POLL_PAUSE);
    }
    this.act({ is: "progress_unknown", jobId, percent: shown });
  }

  /** Look whether the restored server is back; `ended` is what is known if that cannot be read. */
  private async verify(ended: "succeeded" | "done"): Promise<void> {
    let found: Verification | null = null;
    for (const pause of this.restored === null ? [] : LOOKS) {
      this.act({ is: "verifying", found });
      await seconds(pause);
      const outcome: Outcome = await this.host.call("verify_recovery", { id: this.restored });
      found = (outcome.is === "result" ? readVerification(outcome.data) : null) ?? found;
      if (outcome.is !== "result" || !mayChange(found)) break;
    }
    this.over(found === null ? { is: ended } : { is: "verified", found });
  }

  private over(end: End): void {
    this.act({ is: "over", end, wayBack: this.wayBack });
  }

  private act(act: Act): void {
    this.set({ act });
  }

  private set(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
    this.draw(this.state);
  }
}

/** Whether looking again may show more. */
function mayChange(found: Verification | null): boolean {
  return found !== null && found.verdict !== "back" && found.toCheck.some(({ code }) => MAY_CHANGE.has(code));
}

function endOf(failure: Failure): End {
  switch (failure.kind) {
    case "outcome_unknown":
      return { is: "unknown", seen: failure.seen };
    case UNEXPLAINED:
      return { is: "unknown", seen: null };
    case "job_failed":
      return { is: "job_failed" };
    default:
      return { is: "refused", failure };
  }
}

function failureOf(outcome: Outcome): Failure {
  if (outcome.is === "failed") return outcome.failure;
  const reason = outcome.is === "result" ? "notShown" : "noResponse";
  return { kind: UNEXPLAINED, message: { reason }, seen: null, retryAfterSeconds: null };
}

/** How far the server's clock is ahead of ours, seen from an age that it just worked out. */
function aheadBy(listing: Listing): number | null {
  for (const backup of listing.backups) {
    const created = Date.parse(backup.createdAt ?? "");
    if (!Number.isNaN(created) && backup.ageSeconds !== null) {
      // Ages are rounded down; rather a second too little time than one too much.
      return created + (backup.ageSeconds + 1) * 1000 - Date.now();
    }
  }
  return null;
}
