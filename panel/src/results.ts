/**
 * Results of the server's tools, checked field by field. Anything that is not as expected
 * becomes null or is left out, so that nothing unexpected reaches the page.
 */

import { LANGUAGES, type Language, type Reason } from "./texts";

export interface Backup {
  id: string;
  createdAt: string | null;
  sizeGb: number | null;
  kind: string | null;
  note: string | null;
  ageSeconds: number | null;
  /** Why it may be incomplete, if it may. */
  doubt: Finding | null;
  /** What is known of the request that it may come from, if that did not surely succeed. */
  request: Finding | null;
}

/** Something that the server concluded: a stable code and its facts. `words.ts` has the words. */
export interface Finding {
  code: string;
  facts: Fields;
}

/** Whether the user could have it carried out through the assistant now, and why not. */
export interface Here {
  allowed: boolean;
  reasons: Finding[];
}

export interface Verdict {
  verdict: string;
  reasons: Finding[];
  toUnblock: Finding[];
  here: Here;
}

export interface Listing {
  id: string;
  /** The server's name; null where it is not known. */
  name: string | null;
  /** Those read so far, in the server's order: the ones that can be relied on first. */
  backups: Backup[];
  total: number;
  /** With which the next ones are requested; null where there are no more. */
  nextBefore: string | null;
  quota: { used: number | null; limit: number | null; remaining: number | null };
  restore: Verdict;
  create: Verdict;
  overwrites: Finding | null;
  advice: Finding[];
  /** Rehearsals that still cost money, of whichever server. */
  rehearsals: Finding[];
}

export interface Plan {
  id: string;
  /** The server's name; null where it is not known. */
  name: string | null;
  /** When what would be restored was made. */
  pointAt: string | null;
  mode: string;
  verdict: string;
  reasons: Finding[];
  here: Here;
  dataLoss: Finding | null;
  sideEffects: Finding[];
  recommendedFirst: Finding[];
  alternatives: Finding[];
  rehearsals: Finding[];
  planId: string | null;
  expiresAt: number | null;
  /** The server whose backup it is; null where it is the plan's own. */
  source: Source | null;
  /** The question, and what the user's yes is sent with, given to this view alone; null where the
   * plan cannot be carried out from here. */
  confirm: Confirm | null;
}

export interface Source {
  id: string;
  name: string | null;
  status: string | null;
  address: string | null;
}

export interface Confirm {
  ticket: string;
  /** The server's question, by language: at least in the one that was chosen for the user. */
  questions: Partial<Record<Language, Question>>;
  toType: string;
}

/** The server's question as a client's window shows it. */
export interface Question {
  /** Line by line, without what to type. */
  lines: string[];
  /** The line that says what to type. */
  lastLine: string;
}

/** What the server says about the user's language. */
export interface Told {
  language: Language;
  /** Whether it was chosen for the user; the app's language counts only if it was not. */
  isChosen: boolean;
}

export interface Started {
  state: string;
  jobId: string | null;
  vpsId: string | null;
  /** What the restore can be undone with; null where nothing is overwritten. */
  wayBack: Finding | null;
}

export interface Job {
  state: string;
  progress: number | null;
}

/** What one thing that was seen of a restored server says. */
export interface Evidence {
  finding: Finding;
  proves: string;
}

/** A server as it was seen before its restore; null is what could not be read. */
export interface Before {
  power: string | null;
  agent: boolean | null;
  /** The ports that answered. */
  ports: number[];
}

export interface Verification {
  verdict: string;
  items: Evidence[];
  toCheck: Finding[];
  before: Before;
}

export interface Failure {
  kind: string;
  /** The server's, in English, or what this view itself has to say. */
  message: string | { reason: Reason };
  /** What reading the server showed after a response was lost. */
  seen: string | null;
  retryAfterSeconds: number | null;
}

export interface Server {
  id: string;
  name: string | null;
}

/** The tool that carries a plan out, which only this view can call. */
export const CONFIRM_TOOL = "confirm_restore";
/** Key in the `_meta` of a plan's result, under which the server names that tool, with a ticket. */
const CONFIRM_KEY = "hostup-mcp/confirm";
const LANGUAGE_KEY = "hostup-mcp/language";

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
const number = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

/** The result of `list_vps_backups`; null if it is something else. */
export function readListing(data: unknown): Listing | null {
  const all = fields(data);
  const id = text(all["id"]);
  if (id === null || !Array.isArray(all["backups"])) return null;
  const explanation = fields(all["explanation"]);
  const findings = fields(explanation["findings"]);
  const quota = fields(all["quotaInfo"]);
  const doubts = fields(findings["doubts"]);
  const requests = fields(findings["unconfirmed"]);
  const backups = all["backups"]
    .map((item) => readBackup(item, doubts, requests))
    .filter((backup) => backup !== null);
  return {
    id,
    name: text(all["name"]),
    backups,
    total: number(all["total"]) ?? backups.length,
    nextBefore: text(all["nextBefore"]),
    quota: {
      used: number(quota["used"]),
      limit: number(quota["limit"]),
      remaining: number(quota["remaining"]),
    },
    restore: readVerdict(explanation["restore"], findings["restore"]),
    create: readVerdict(explanation["create"], findings["create"]),
    overwrites: readFinding(findings["overwrites"]),
    advice: readFindings(findings["advice"]),
    rehearsals: readFindings(all["rehearsals"]),
  };
}

/** The result of `plan_restore`, with the `_meta` that came with it; null if it is something else. */
export function readPlan(data: unknown, meta: unknown): Plan | null {
  const all = fields(data);
  const id = text(all["id"]);
  const mode = text(all["mode"]);
  if (id === null || mode === null || text(all["dataLoss"]) === null) return null;
  const findings = fields(all["findings"]);
  const expires = Date.parse(text(all["expiresAt"]) ?? "");
  return {
    id,
    name: text(all["name"]),
    pointAt: text(fields(all["point"])["createdAt"]),
    mode,
    verdict: text(all["verdict"]) ?? "unknown",
    reasons: readFindings(findings["reasons"]),
    here: readHere(all["here"]),
    dataLoss: readFinding(findings["dataLoss"]),
    sideEffects: readFindings(findings["sideEffects"]),
    recommendedFirst: readFindings(findings["recommendedFirst"]),
    alternatives: readFindings(findings["alternatives"]),
    rehearsals: readFindings(all["rehearsals"]),
    planId: text(all["planId"]),
    expiresAt: Number.isNaN(expires) ? null : expires,
    source: readSource(all["source"]),
    confirm: readConfirm(fields(fields(meta)[CONFIRM_KEY])),
  };
}

function readConfirm(confirm: Fields): Confirm | null {
  const [ticket, toType] = [text(confirm["ticket"]), text(confirm["toType"])];
  const given = fields(confirm["questions"]);
  const questions: Confirm["questions"] = {};
  for (const language of LANGUAGES) {
    const question = readQuestion(fields(given[language]));
    if (question !== null) questions[language] = question;
  }
  if (confirm["tool"] !== CONFIRM_TOOL || !ticket || !toType) return null;
  return Object.keys(questions).length > 0 ? { ticket, questions, toType } : null;
}

function readQuestion(question: Fields): Question | null {
  const [whole, lastLine] = [text(question["text"]), text(question["lastLine"])];
  if (!whole || !lastLine) return null;
  const lines = whole.split("\n");
  if (lines.at(-1) === lastLine) lines.pop();
  return { lines, lastLine };
}

/** What any result's `_meta` says about the user's language; null if it says nothing. */
export function readLanguage(meta: unknown): Told | null {
  const told = fields(fields(meta)[LANGUAGE_KEY]);
  const language = LANGUAGES.find((known) => known === told["language"]);
  return language === undefined ? null : { language, isChosen: told["isChosen"] === true };
}

function readSource(value: unknown): Source | null {
  const source = fields(value);
  const id = text(source["id"]);
  if (id === null) return null;
  const [name, status, address] = [text(source["name"]), text(source["status"]), text(source["address"])];
  return { id, name, status, address };
}

/** The result of the confirming tool. */
export function readStarted(data: unknown): Started | null {
  const all = fields(data);
  const state = text(all["state"]);
  return state === null
    ? null
    : { state, jobId: text(all["jobId"]), vpsId: text(all["vpsId"]), wayBack: readFinding(all["wayBack"]) };
}

/** The result of `get_job`. */
export function readJob(data: unknown): Job | null {
  const all = fields(data);
  const state = text(all["state"]);
  return state === null ? null : { state, progress: number(all["progress"]) };
}

/** The result of `verify_recovery`; null if it is something else. */
export function readVerification(data: unknown): Verification | null {
  const all = fields(data);
  const verdict = text(all["verdict"]);
  if (verdict === null || !Array.isArray(all["items"])) return null;
  const before = fields(all["before"]);
  const agent = before["agent"];
  return {
    verdict,
    items: all["items"].flatMap((item) => {
      const finding = readFinding(fields(item)["finding"]);
      return finding === null ? [] : [{ finding, proves: text(fields(item)["proves"]) ?? "nothing" }];
    }),
    toCheck: readFindings(fields(all["findings"])["toCheck"]),
    before: {
      power: text(before["power"]),
      agent: typeof agent === "boolean" ? agent : null,
      ports: list(before["ports"]).flatMap((port) => {
        const open = number(fields(port)["port"]);
        return open === null || fields(port)["answer"] === "nothing" ? [] : [open];
      }),
    },
  };
}

/** One page of `list_vps`. */
export function readServers(data: unknown): { servers: Server[]; next: string | null } {
  const all = fields(data);
  const servers = list(all["data"]).flatMap((item) => {
    const id = text(fields(item)["id"]);
    return id === null ? [] : [{ id, name: text(fields(item)["name"]) }];
  });
  return { servers, next: text(all["nextCursor"]) };
}

/** The kind of a failure that gave no kind of its own; nothing can be concluded from it. */
export const UNEXPLAINED = "unexplained";

/** The error of a failed tool; its text where there is no structured one. */
export function readFailure(data: unknown, fallback: string): Failure {
  const error = fields(fields(data)["error"]);
  return {
    kind: text(error["kind"]) ?? UNEXPLAINED,
    message: text(error["message"]) ?? (fallback || { reason: "noMessage" }),
    seen: text(error["seen"]),
    retryAfterSeconds: number(error["retryAfterSeconds"]),
  };
}

/** The text blocks of a tool's result. */
export function textOf(content: unknown): string {
  return list(content)
    .map((block) => text(fields(block)["text"]))
    .filter((part) => part !== null)
    .join("\n")
    .slice(0, 2000);
}

function readBackup(item: unknown, doubts: Fields, requests: Fields): Backup | null {
  const all = fields(item);
  const id = text(all["id"]);
  if (id === null) return null;
  return {
    id,
    createdAt: text(all["createdAt"]),
    sizeGb: number(all["sizeGb"]),
    kind: text(all["backupType"]),
    note: text(all["note"]),
    ageSeconds: number(all["ageSeconds"]),
    doubt: Object.hasOwn(doubts, id) ? readFinding(doubts[id]) : null,
    request: Object.hasOwn(requests, id) ? readFinding(requests[id]) : null,
  };
}

function readVerdict(explanation: unknown, findings: unknown): Verdict {
  return {
    verdict: text(fields(explanation)["verdict"]) ?? "unknown",
    reasons: readFindings(fields(findings)["reasons"]),
    toUnblock: readFindings(fields(findings)["toUnblock"]),
    here: readHere(fields(explanation)["here"]),
  };
}

/** What is not told counts as not allowed. */
function readHere(value: unknown): Here {
  const here = fields(value);
  return { allowed: here["allowed"] === true, reasons: readFindings(here["reasons"]) };
}

/** A code alone, or an object of a code and facts; null if it is neither. */
export function readFinding(value: unknown): Finding | null {
  if (typeof value === "string") return { code: value, facts: {} };
  const { code, ...facts } = fields(value);
  return typeof code === "string" ? { code, facts } : null;
}

const readFindings = (value: unknown): Finding[] =>
  list(value)
    .map(readFinding)
    .filter((finding) => finding !== null);
