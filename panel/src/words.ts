/** What the server's words for programs and models are in words for the person. */

import type { Failure, Reason } from "./answers";
import type { End } from "./state";
import { date, type Place } from "./time";

const ISO_DATE = /\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)/g;

const FOR_PEOPLE: ReadonlyArray<[RegExp, string]> = [
  [/\bis bkp_[0-9A-Za-z]+ of /, "is the one of "],
  [/, bkp_[0-9A-Za-z]+ of /, ", the one of "],
  [/\bis the person's choice\b/, "is your choice"],
  [/^new_cloud_vps: a new/, "A new"],
  [
    /^list_vps_snapshots: a snapshot of the last day may lose less\.$/,
    "A snapshot of the last day may lose less. The assistant can list this server's snapshots.",
  ],
];

/** A sentence of the server without ids and names of tools, and with dates as people write them. */
export function forPeople(text: string, place: Place): string {
  const plain = FOR_PEOPLE.reduce((said, [theirs, ours]) => said.replace(theirs, ours), text);
  return plain.replace(ISO_DATE, (iso) => date(iso, place) ?? iso);
}

/** A reason, and whose word it is. */
export function reasonText(reason: Reason, place: Place): string {
  const said = forPeople(reason.message, place);
  // What begins so is the server's description of HostUp's silence, not a quotation.
  const quoted = reason.source === "gate" && !said.startsWith("HostUp ");
  return quoted ? `HostUp says: “${said}”` : said;
}

export const size = (gb: number | null): string =>
  gb === null
    ? "size unknown"
    : `${new Intl.NumberFormat("en", { maximumFractionDigits: 1 }).format(gb)} GB`;

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
export function refusal(failure: Failure, place: Place): Message {
  const [title, next] = REFUSALS[failure.kind] ?? [
    "It was refused",
    "You can look again, or do it yourself in HostUp’s panel.",
  ];
  return { tone: "bad", title, lines: [forPeople(failure.message, place), next] };
}

/** Why something could not be read. */
export function unread(failure: Failure, place: Place): Message {
  const wait = failure.retryAfterSeconds;
  const next = wait === null ? "Reading changes nothing; you can try it again." : `Wait ${wait} seconds, then read again.`;
  return {
    tone: "bad",
    title: "This could not be read",
    lines: [forPeople(failure.message, place), next],
  };
}

/** What the server saw when it looked after a lost answer; the rest of its words is technical. */
const seenSince = (message: string | null): string[] => message?.match(/\bAs of now .*$/s) ?? [];

/** How the person's yes ended. */
export function endText(end: End, server: string, mode: string, place: Place): Message {
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
          ...seenSince(end.message).map((seen) => forPeople(seen, place)),
          "Do not do it a second time. In some minutes, look in HostUp’s panel or ask the assistant how the server stands.",
        ],
      };
    case "refused": {
      const message = refusal(end.failure, place);
      return NOTHING_BEGUN.has(end.failure.kind)
        ? { ...message, lines: [...message.lines, "Nothing was started."] }
        : message;
    }
  }
}
