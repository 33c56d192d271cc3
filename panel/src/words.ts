/** What the server's findings and failures are in words for the user. */

import { readFinding, type Failure, type Finding } from "./answers";
import { date, size, span, type Place } from "./formats";
import type { End } from "./state";
import { WORDS, type Piece } from "./words.generated";

/** A finding in words. */
export function say(finding: Finding, place: Place): string {
  const { code, facts } = finding;
  const pieces: readonly Piece[] = (Object.hasOwn(WORDS, code) && WORDS[code]) || [
    "Something that this view has no words for: ",
    code,
  ];
  return pieces
    .map((piece) => (typeof piece === "string" ? piece : write(facts[piece[0]], piece[1], place)))
    .join("");
}

/** Findings in words. */
export const sayAll = (findings: readonly Finding[], place: Place): string[] =>
  findings.map((finding) => say(finding, place));

/** A fact in one of the formats that the catalogue names. */
function write(fact: unknown, format: string, place: Place): string {
  if (format === "moment") return date(typeof fact === "string" ? fact : null, place) ?? "an unknown date";
  if (typeof fact === "number" && format === "span") return span(fact);
  if (typeof fact === "number" && format === "size") return size(fact);
  if (typeof fact === "string" || typeof fact === "number") return String(fact);
  const nested = readFinding(fact);
  return nested === null ? "unknown" : say(nested, place);
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

/** Refusals after which certainly nothing was begun, though their words do not say so. */
const NOTHING_BEGUN = new Set([
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
  not_confirmed: ["Not confirmed", "Look at the plan again and type the name as it is shown."],
  plan_again: ["The plan no longer fits", "Look again, and decide on the fresh plan."],
  plan_used: [
    "This plan was sent to HostUp before",
    "A plan is good for once. Look again at how the server stands.",
  ],
  write_in_flight: [
    "Something is already being done to this server",
    "Wait until it is over, then look again.",
  ],
  gate_closed: ["HostUp does not allow it now", "Look again later, or ask HostUp’s support."],
  changed_meanwhile: ["Something changed meanwhile", "Look again, and decide on what is there now."],
  not_from_panel: [
    "This yes was not accepted",
    "The assistant app cannot confirm from here. Ask the assistant, or use HostUp’s panel.",
  ],
  not_allowed: [
    "Restoring is locked here",
    "Whoever set up this assistant’s access to HostUp can unlock it. You can also do it yourself in HostUp’s panel.",
  ],
  rate_limited: ["HostUp is asked too often", "Wait a minute, then look again."],
  unreachable: ["HostUp could not be reached", "Check the network, then look again."],
};

/** Why something was refused, and what the person can do. */
export function refusal(failure: Failure): Message {
  const [title, next] = REFUSALS[failure.kind] ?? [
    "It was refused",
    "You can look again, or do it yourself in HostUp’s panel.",
  ];
  return { tone: "bad", title, lines: [failure.message, next] };
}

/** Why something could not be read. */
export function unread(failure: Failure): Message {
  const wait = failure.retryAfterSeconds;
  const next = wait === null ? "Reading changes nothing; you can try it again." : `Wait ${wait} seconds, then read again.`;
  return {
    tone: "bad",
    title: "This could not be read",
    lines: [failure.message, next],
  };
}

/** How the person's yes ended. */
export function endText(end: End, server: string, mode: string): Message {
  const paid = mode === "new_cloud_vps";
  switch (end.is) {
    case "completed":
    case "done":
      return {
        tone: "good",
        title: paid ? "The new server is made" : `${server} is back`,
        lines: paid
          ? [
              "HostUp says it is completed. The present server was not touched.",
              "The new server has an address of its own, and costs money for as long as it exists.",
            ]
          : [
              "HostUp says the restore is completed.",
              "Check that the server runs: HostUp does not say whether it was started again. Ask the assistant, or look in HostUp’s panel.",
            ],
      };
    case "accepted":
      return {
        tone: "neutral",
        title: "HostUp accepted it",
        lines: [
          "It named nothing that can be followed here.",
          "The backups show it: while the work goes on, HostUp allows no other.",
        ],
      };
    case "job_failed":
      return {
        tone: "bad",
        title: "HostUp says it failed",
        lines: [
          "How the server stands now is not certain: it may be stopped, or hold part of the backup.",
          "Look again before anything else. HostUp’s support can see what happened.",
        ],
      };
    case "gone":
      return {
        tone: "neutral",
        title: "HostUp no longer knows this job",
        lines: [
          "That tells neither success nor failure.",
          "Look how the server stands: here, with the assistant, or in HostUp’s panel.",
        ],
      };
    case "unknown":
      return {
        tone: "neutral",
        title: "It is not known whether it was carried out",
        lines: [
          "Your yes was sent, and the answer got lost on the way. The restore may be running.",
          ...(end.seen === null ? [] : [end.seen]),
          "Do not do it a second time. In some minutes, look in HostUp’s panel or ask the assistant how the server stands.",
        ],
      };
    case "refused": {
      const message = refusal(end.failure);
      return NOTHING_BEGUN.has(end.failure.kind)
        ? { ...message, lines: [...message.lines, "Nothing was started."] }
        : message;
    }
  }
}
