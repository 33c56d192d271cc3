/** The assistant app around this view: what it hands in, and the tools it lets the view call. */

import { App, applyDocumentTheme, applyHostStyleVariables } from "@modelcontextprotocol/ext-apps";
import { readFailure, readLanguage, textOf, UNEXPLAINED, type Failure, type Told } from "./results";
import { languageOf } from "./texts";
import type { Place } from "./formats";

/** What became of a tool call. Only `result` and `failed` are the server's own word. */
export type Outcome =
  | { is: "result"; data: unknown; meta: unknown }
  | { is: "failed"; failure: Failure }
  | { is: "not_sent" }
  | { is: "no_result" };

export interface Delivered {
  arguments: Record<string, unknown>;
  outcome: Outcome;
}

export interface Events {
  delivered(result: Delivered): void;
  cancelled(): void;
  changed(): void;
}

interface ToolResult {
  content?: unknown;
  structuredContent?: unknown;
  isError?: boolean | undefined;
  _meta?: unknown;
}

/** Codes with which a call is turned away before anything is done. */
const REJECTED_CODES = new Set([-32601, -32602]);

export class Host {
  private readonly app = new App({ name: "hostup-recovery", version: "1" }, {}, {
    autoResize: true,
    strict: false,
  });
  private arguments: Record<string, unknown> = {};
  private told: Told | null = null;

  constructor(private readonly events: Events) {
    this.app.ontoolinput = (input) => {
      this.arguments = input.arguments ?? {};
    };
    this.app.ontoolresult = (result) =>
      events.delivered({ arguments: this.arguments, outcome: this.outcomeOf(result) });
    this.app.ontoolcancelled = () => events.cancelled();
    this.app.onhostcontextchanged = () => {
      this.applyTheme();
      events.changed();
    };
    this.app.onteardown = () => ({});
  }

  async connect(): Promise<void> {
    await this.app.connect();
    this.applyTheme();
    this.events.changed();
  }

  /** Whether the host passes tool calls of the view on to the server. */
  get canCall(): boolean {
    return this.app.getHostCapabilities()?.serverTools !== undefined;
  }

  get place(): Place {
    const context = this.app.getHostContext();
    const chosen = this.told?.isChosen ? this.told.language : null;
    const language = chosen ?? languageOf(context?.locale) ?? this.told?.language ?? "en";
    return { language, locale: context?.locale, timeZone: context?.timeZone };
  }

  /** Call a tool; `seconds` without a message from the host count as no result. */
  async call(
    name: string,
    args: Record<string, unknown>,
    seconds = 60,
    progressed: (percent: number) => void = () => undefined,
  ): Promise<Outcome> {
    try {
      const result = await this.app.callServerTool(
        { name, arguments: args },
        {
          timeout: seconds * 1000,
          onprogress: ({ progress, total }) => progressed((progress / (total ?? 100)) * 100),
        },
      );
      return this.outcomeOf(result);
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      return { is: typeof code === "number" && REJECTED_CODES.has(code) ? "not_sent" : "no_result" };
    }
  }

  private outcomeOf(result: ToolResult): Outcome {
    const told = readLanguage(result._meta);
    if (told !== null) {
      this.told = told;
      this.events.changed();
    }
    return outcomeOf(result);
  }

  private applyTheme(): void {
    const context = this.app.getHostContext();
    if (context?.theme) applyDocumentTheme(context.theme);
    if (context?.styles?.variables) applyHostStyleVariables(context.styles.variables);
  }
}

function outcomeOf(result: ToolResult): Outcome {
  if (result.isError) {
    const failure = readFailure(result.structuredContent, textOf(result.content));
    return { is: "failed", failure };
  }
  if (result.structuredContent === undefined) {
    const message = { reason: "noData" } as const;
    return { is: "failed", failure: { kind: UNEXPLAINED, message, seen: null, retryAfterSeconds: null } };
  }
  return { is: "result", data: result.structuredContent, meta: result._meta };
}
