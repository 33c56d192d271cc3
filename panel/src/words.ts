/** What the server's findings and failures are in words for the user. */

import { readFinding, type Before, type Failure, type Finding, type Here, type Verification } from "./results";
import { date, money, size, span, type Place } from "./formats";
import type { End } from "./state";
import { WORDS, type Piece } from "./words.generated";

/** A finding in words. */
export function describeFinding(finding: Finding, place: Place): string {
  const { code, facts } = finding;
  const pieces: readonly Piece[] = (Object.hasOwn(WORDS, code) && WORDS[code]) || [
    "No description for: ",
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
  if (format === "moment") return date(typeof fact === "string" ? fact : null, place) ?? "an unknown date";
  if (format === "finding") {
    const nested = readFinding(fact);
    return nested === null ? "" : describeFinding(nested, place);
  }
  if (typeof fact === "number" && format === "span") return span(fact);
  if (typeof fact === "number" && format === "size") return size(fact);
  if (format === "money") return money(fact);
  if (typeof fact === "string" || typeof fact === "number") return String(fact);
  const nested = readFinding(fact);
  return nested === null ? "unknown" : describeFinding(nested, place);
}

export function planTitle(mode: string, moment: string | null): string {
  const when = moment ?? "an unknown date";
  switch (mode) {
    case "in_place":
      return `Going back to ${when}`;
    case "new_cloud_vps":
      return `A new server as of ${when}`;
    case "from_other_vps":
      return "Another server’s backup over this one";
    case "snapshot":
      return "Going back to a snapshot";
    default:
      return "The plan";
  }
}

export interface Message {
  tone: "good" | "bad" | "neutral";
  title: string;
  lines: string[];
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

const REFUSALS: Record<string, [title: string, next: string]> = {
  not_confirmed: ["Not confirmed", "Check the plan again and type the name exactly as shown."],
  plan_again: ["The plan is out of date", "Make a new plan and decide on that one."],
  plan_used: [
    "This plan was sent to HostUp before",
    "A plan can be used once. Check the current state of the server.",
  ],
  write_in_flight: [
    "Another change to this server is in progress",
    "Wait until it has finished, then check again.",
  ],
  gate_closed: ["HostUp does not allow it now", "Check again later, or ask HostUp’s support."],
  changed_meanwhile: ["Something has changed", "Check again, and decide on the current state."],
  not_from_panel: [
    "This yes was not accepted",
    "The assistant app cannot confirm from here. Ask the assistant, or use HostUp’s panel.",
  ],
  not_allowed: [
    "Restoring is locked here",
    "Whoever set up this assistant’s access to HostUp can unlock it. You can also do it yourself in HostUp’s panel.",
  ],
  state_unavailable: [
    "Nothing can be changed from here now",
    "Try again in a minute, or do it yourself in HostUp’s panel.",
  ],
  rate_limited: ["Too many requests to HostUp", "Wait a minute, then check again."],
  unreachable: ["HostUp could not be reached", "Check the network, then try again."],
};

/** Why something was refused, and what the user can do. */
export function refusal(failure: Failure): Message {
  const [title, next] = REFUSALS[failure.kind] ?? [
    "It was refused",
    "You can check again, or do it yourself in HostUp’s panel.",
  ];
  return { tone: "bad", title, lines: [failure.message, next] };
}

/** Why something could not be read. */
export function unread(failure: Failure): Message {
  const wait = failure.retryAfterSeconds;
  const next = wait === null ? "Nothing was changed; you can try again." : `Wait ${wait} seconds, then read again.`;
  return {
    tone: "bad",
    title: "This could not be read",
    lines: [failure.message, next],
  };
}

const PAID = [
  "Your server was not changed. The new server has an address of its own, and costs money for as long as it exists.",
];

/** Whether the restored server is back. */
function verdictText(found: Verification, server: string, paid: boolean): Message {
  const lines = [...(paid ? PAID : []), beforeText(found.before)];
  switch (found.verdict) {
    case "back":
      return { tone: "good", title: paid ? "The new server answers" : `${server} is back`, lines };
    case "not_back":
      return { tone: "bad", title: paid ? "The new server is not up" : `${server} is not back`, lines };
    default: {
      const title = `It is not known whether ${paid ? "the new server is up" : `${server} is back`}`;
      return { tone: "neutral", title, lines };
    }
  }
}

/** What was seen of the server before its restore. */
function beforeText({ power, agent, ports }: Before): string {
  const seen = [
    power === null ? "its power state is not known" : `its power state was “${power}”`,
    agent === null
      ? "whether its guest agent answered is not known"
      : agent
        ? "its guest agent answered"
        : "its guest agent did not answer",
    ...(ports.length > 0 ? [`ports ${ports.join(", ")} answered`] : []),
  ];
  return `Before the restore, ${seen.join(", ")}.`;
}

/** How the user's yes ended. */
export function endText(end: End, server: string, mode: string): Message {
  const paid = mode === "new_cloud_vps";
  switch (end.is) {
    case "verified":
      return verdictText(end.found, server, paid);
    case "succeeded":
    case "done":
      return {
        tone: "neutral",
        title: paid ? "HostUp says the new server is complete" : "HostUp says the restore is complete",
        lines: [
          "Whether it is back could not be checked: open its website, log in, or look in HostUp’s panel.",
          ...(paid ? PAID : []),
        ],
      };
    case "accepted":
      return {
        tone: "neutral",
        title: "HostUp accepted it",
        lines: [
          "It gave no job whose progress could be shown.",
          "While it runs, HostUp allows no other restore of this server.",
        ],
      };
    case "job_failed":
    case "job_ended_otherwise":
      return {
        tone: "bad",
        title:
          end.is === "job_failed" ? "HostUp says it failed" : "HostUp says it ended without success",
        lines: [
          "The current state of the server is unknown: it may be stopped, or hold part of the backup.",
          "Check again before doing anything else. HostUp’s support can see what happened.",
        ],
      };
    case "gone":
      return {
        tone: "neutral",
        title: "HostUp no longer knows this job",
        lines: [
          "It may have succeeded or failed.",
          "Check the current state of the server here, with the assistant, or in HostUp’s panel.",
        ],
      };
    case "unknown":
      return {
        tone: "neutral",
        title: "It is not known whether it was carried out",
        lines: [
          "Your yes was sent, but the response was lost. The restore may be running.",
          ...(end.seen === null ? [] : [end.seen]),
          "Do not start it again. In a few minutes, check HostUp’s panel or ask the assistant for the current state of the server.",
        ],
      };
    case "refused": {
      const message = refusal(end.failure);
      return NOTHING_STARTED.has(end.failure.kind)
        ? { ...message, lines: [...message.lines, "Nothing was started."] }
        : message;
    }
  }
}
