// The Vercel AI SDK: its loop of `generateText`, its MCP client, and its model for tests.
//
//   node vercel_ai_agent.mjs NODE_MODULES
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { generateText, stepCountIs } = await load("ai");
const { MockLanguageModelV3, MockLanguageModelV4 } = await load("ai/test");
const { createMCPClient } = await load("@ai-sdk/mcp");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
async function hear() {
  const { value, done } = await lines.next();
  if (done) process.exit();
  return JSON.parse(value);
}

const said = (output) =>
  Array.isArray(output.value) ? output.value.map((part) => part.text).join("\n") : JSON.stringify(output.value);

async function turn({ prompt, tools }) {
  const last = prompt.at(-1);
  const heard = last.role === "tool" ? said(last.content.at(-1).output) : null;
  tell({ tools: Object.fromEntries(tools.map((tool) => [tool.name, tool.inputSchema])), heard });
  const move = await hear();
  const call = { type: "tool-call", toolCallId: crypto.randomUUID(), toolName: move.tool };
  return {
    content: "say" in move
      ? [{ type: "text", text: move.say }]
      : [{ ...call, input: JSON.stringify(move.arguments) }],
    finishReason: { unified: "say" in move ? "stop" : "tool-calls", raw: undefined },
    usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
    warnings: [],
  };
}

async function converse({ server }) {
  const client = await createMCPClient({ transport: { type: "http", url: server.url } });
  try {
    const result = await generateText({
      model: new (MockLanguageModelV4 ?? MockLanguageModelV3)({ doGenerate: turn }),
      tools: await client.tools(),
      prompt: "Look after web-01.",
      stopWhen: stepCountIs(100),
    });
    return result.text;
  } finally {
    await client.close();
  }
}

for (;;) tell({ said: await converse(await hear()) });
