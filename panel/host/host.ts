/**
 * A host for tests, made of the reference implementation's host side: it shows the panel in a
 * sandboxed frame, and passes the tool calls of the panel on to a server behind `/call`.
 */

import {
  AppBridge,
  PostMessageTransport,
  type McpUiHostContext,
} from "@modelcontextprotocol/ext-apps/app-bridge";

interface Options {
  /** The tool that the assistant called, its arguments, and (if given) its result. */
  tool: string;
  args: Record<string, unknown>;
  result?: Record<string, unknown>;
  theme?: "light" | "dark";
  canCall?: boolean;
  context?: McpUiHostContext;
}

interface Call {
  name: string;
  arguments: Record<string, unknown>;
}

declare global {
  interface Window {
    /** Show the panel as a host would after a call of the assistant. */
    show(options: Options): Promise<void>;
    /** What the panel has called so far. */
    calls: Call[];
    /** Tools whose calls the host refuses, loses the response of, or breaks on. */
    trouble: Record<string, "refuse" | "lose" | "break">;
    bridge: AppBridge;
  }
}

async function call(name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const response = await fetch("/call", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, arguments: args }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

window.calls = [];
window.trouble = {};
window.show = async ({ tool, args, result, theme = "light", canCall = true, context = {} }) => {
  const html = await (await fetch("/panel.html")).text();
  const given = result ?? (await call(tool, args));
  const frame = document.createElement("iframe");
  frame.title = "Recovery panel";
  // Scripts only: no origin of its own, no forms, no pop-ups, no downloads.
  frame.setAttribute("sandbox", "allow-scripts");
  document.body.replaceChildren(frame);

  const bridge = new AppBridge(
    null,
    { name: "test-host", version: "1" },
    canCall ? { serverTools: {} } : {},
    {
      hostContext: { theme, locale: "en-GB", timeZone: "Europe/Stockholm", ...context },
    },
  );
  window.bridge = bridge;
  bridge.oncalltool = async (params) => {
    const trouble = window.trouble[params.name];
    window.calls.push({ name: params.name, arguments: params.arguments ?? {} });
    if (trouble === "refuse") {
      throw Object.assign(new Error("The host does not pass this on"), { code: -32602 });
    }
    if (trouble === "break") throw new Error("The host broke");
    const result = await call(params.name, params.arguments ?? {});
    if (trouble === "lose") throw new Error("The response was lost");
    return result as never;
  };
  bridge.onsizechange = ({ height }) => {
    if (height !== undefined) frame.style.height = `${height}px`;
  };
  const ready = new Promise<void>((resolve) => {
    bridge.oninitialized = () => resolve();
  });
  const inside = frame.contentWindow as Window;
  await bridge.connect(new PostMessageTransport(inside, inside));
  frame.srcdoc = html;
  await ready;
  await bridge.sendToolInput({ arguments: args });
  await bridge.sendToolResult(given as never);
};
