/** What the server's findings and failures are in words for the user. */

import { readFinding, type Before, type Failure, type Finding, type Here, type Verification } from "./results";
import { date, money, size, span, type Place } from "./formats";
import type { End } from "./state";
import { TEXTS, type Language, type Texts } from "./texts";
import { SWEDISH_ERRORS, WORDS, type Piece } from "./words.generated";

/** A finding in words. */
export function describeFinding(finding: Finding, place: Place): string {
  const { code, facts } = finding;
  const words = WORDS[place.language];
  const pieces: readonly Piece[] = (Object.hasOwn(words, code) && words[code]) || [
    TEXTS[place.language].undescribed,
    code,
  ];
  return pieces
    .map((piece) => (typeof piece === "string" ? piece : write(facts[piece[0]], piece[1], place)))
    .join("");
}

/** Findings in words. */
export const describeAll = (findings: readonly Finding[], place: Place): string[] =>
  findings.map((finding) => describeFinding(finding, place));

/** Why it cannot be carried out from here, and who can change that. */
export function describeHere({ reasons }: Here, place: Place): string[] {
  const elsewhere = reasons.some(({ code }) => code === "job_running") ? [] : [{ code: "use_panel", facts: {} }];
  return describeAll([...reasons, ...elsewhere], place);
}

/** A fact in one of the formats that the catalogue names. */
function write(fact: unknown, format: string, place: Place): string {
  const { language } = place;
  if (format === "moment") {
    return date(typeof fact === "string" ? fact : null, place) ?? TEXTS[language].aDateUnknown;
  }
  if (format === "finding") {
    const nested = readFinding(fact);
    return nested === null ? "" : describeFinding(nested, place);
  }
  if (typeof fact === "number" && format === "span") return span(fact, language);
  if (typeof fact === "number" && format === "size") return size(fact, language);
  if (format === "money") return money(fact, language);
  if (typeof fact === "string" || typeof fact === "number") return String(fact);
  const nested = readFinding(fact);
  return nested === null ? TEXTS[language].unknown : describeFinding(nested, place);
}

export function planTitle(mode: string, moment: string | null, t: Texts): string {
  const when = moment ?? t.aDateUnknown;
  switch (mode) {
    case "in_place":
      return t.planGoesBack(when);
    case "new_cloud_vps":
      return t.planBuilds(when);
    case "from_other_vps":
      return t.planOther;
    case "snapshot":
      return t.planSnapshot;
    default:
      return t.plan;
  }
}

export interface Message {
  tone: "good" | "bad" | "neutral";
  title: string;
  lines: readonly string[];
  /** The server's own message, where it is not in the panel's language. */
  original?: Original | null;
}

export interface Original {
  label: string;
  text: string;
}

/** Refusals after which nothing was started, although their message does not say so. */
const NOTHING_STARTED = new Set([
  "conflict",
  "edge_refused",
  "forbidden",
  "invalid_request",
  "not_found",
  "rate_limited",
  "unauthorized",
  "unreachable",
]);

/** Why there is no result; what the server says is in English. */
function explain({ kind, message }: Failure, language: Language): Explanation {
  if (typeof message !== "string") return { line: TEXTS[language][message.reason], original: null };
  const line = language === "sv" && Object.hasOwn(SWEDISH_ERRORS, kind) ? SWEDISH_ERRORS[kind] : undefined;
  return line === undefined
    ? { line: message, original: null }
    : { line, original: { label: TEXTS[language].original, text: message } };
}

interface Explanation {
  line: string;
  original: Original | null;
}

/** Why something was refused, and what the user can do. */
export function refusal(failure: Failure, language: Language): Message {
  const t = TEXTS[language];
  const known: Readonly<Record<string, readonly [string, string]>> = t.refusals;
  const { kind } = failure;
  const [title, next] = (Object.hasOwn(known, kind) && known[kind]) || [t.refused, t.refusedNext];
  const { line, original } = explain(failure, language);
  return { tone: "bad", title, lines: [line, next], original };
}

/** Why something could not be read. */
export function unread(failure: Failure, language: Language): Message {
  const t = TEXTS[language];
  const wait = failure.retryAfterSeconds;
  const { line, original } = explain(failure, language);
  const next = wait === null ? t.readLater : t.waitThenRead(wait);
  return { tone: "bad", title: t.unread, lines: [line, next], original };
}

/** Whether the restored server is back. */
function verdictText(found: Verification, server: string, paid: boolean, t: Texts): Message {
  const lines = [...(paid ? [t.paid] : []), beforeText(found.before, t)];
  switch (found.verdict) {
    case "back":
      return { tone: "good", title: paid ? t.newServerAnswers : t.isBack(server), lines };
    case "not_back":
      return { tone: "bad", title: paid ? t.newServerNotUp : t.isNotBack(server), lines };
    default:
      return { tone: "neutral", title: paid ? t.newServerMayBeUp : t.mayBeBack(server), lines };
  }
}

/** What was seen of the server before its restore. */
function beforeText({ power, agent, ports }: Before, t: Texts): string {
  return t.before([
    power === null ? t.powerUnknown : t.powerWas(power),
    agent === null ? t.agentUnknown : agent ? t.agentAnswered : t.agentSilent,
    ...(ports.length > 0 ? [t.portsAnswered(ports.join(", "))] : []),
  ]);
}

/** How the user's yes ended. */
export function endText(end: End, server: string, mode: string, language: Language): Message {
  const t = TEXTS[language];
  const paid = mode === "new_cloud_vps";
  switch (end.is) {
    case "verified":
      return verdictText(end.found, server, paid, t);
    case "succeeded":
    case "done":
      return {
        tone: "neutral",
        title: paid ? t.buildComplete : t.restoreComplete,
        lines: [t.notLookedAt, ...(paid ? [t.paid] : [])],
      };
    case "accepted":
      return { tone: "neutral", title: t.accepted, lines: t.acceptedMore };
    case "job_failed":
      return { tone: "bad", title: t.failed, lines: t.failedMore };
    case "job_ended_otherwise":
      return { tone: "bad", title: t.endedOtherwise, lines: t.failedMore };
    case "gone":
      return { tone: "neutral", title: t.gone, lines: t.goneMore };
    case "unknown": {
      const seen = end.seen === null ? [] : [end.seen];
      const english = language === "en" ? seen : [];
      const [other = null] = language === "en" ? [] : seen;
      return {
        tone: "neutral",
        title: t.outcomeUnknown,
        lines: [t.outcomeUnknownWhy, ...english, t.outcomeUnknownNext],
        original: other === null ? null : { label: t.original, text: other },
      };
    }
    case "refused": {
      const message = refusal(end.failure, language);
      return NOTHING_STARTED.has(end.failure.kind)
        ? { ...message, lines: [...message.lines, t.nothingStarted] }
        : message;
    }
  }
}
