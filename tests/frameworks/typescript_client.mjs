// The TypeScript SDK's clients, which are no agents: what a program calls, it hears.
//
//   node typescript_client.mjs NODE_MODULES client|sdk
//
// `client` is @modelcontextprotocol/client (version 2), `sdk` is @modelcontextprotocol/sdk (version 1).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [modules, generation] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
async function hear() {
  const { value, done } = await lines.next();
  if (done) process.exit();
  return JSON.parse(value);
}

const info = { name: "driver", version: "1.0.0" };

function version2(person) {
  const { Client, StreamableHTTPClientTransport } = require("@modelcontextprotocol/client");
  const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");
  const capabilities = person ? { elicitation: { form: {} } } : {};
  const client = new Client(info, { capabilities, versionNegotiation: { mode: "auto" } });
  const answering = (answer) => client.setRequestHandler("elicitation/create", answer);
  return { client, answering, StreamableHTTPClientTransport, StdioClientTransport };
}

function version1(person) {
  const { Client } = require("@modelcontextprotocol/sdk/client/index.js");
  const { StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js");
  const { StreamableHTTPClientTransport } = require("@modelcontextprotocol/sdk/client/streamableHttp.js");
  const { ElicitRequestSchema } = require("@modelcontextprotocol/sdk/types.js");
  const client = new Client(info, { capabilities: person ? { elicitation: {} } : {} });
  const answering = (answer) => client.setRequestHandler(ElicitRequestSchema, answer);
  return { client, answering, StreamableHTTPClientTransport, StdioClientTransport };
}

async function converse({ server, person }) {
  const library = generation === "sdk" ? version1(person) : version2(person);
  const { client, answering, StreamableHTTPClientTransport, StdioClientTransport } = library;
  if (person) {
    answering(async (request) => {
      tell({ question: request.params.message });
      return hear();
    });
  }
  await client.connect(
    server.url
      ? new StreamableHTTPClientTransport(new URL(server.url))
      : new StdioClientTransport({ ...server, stderr: "inherit" }),
  );
  const listed = (await client.listTools()).tools;
  const tools = Object.fromEntries(listed.map((tool) => [tool.name, tool.inputSchema]));
  let heard = null;
  for (;;) {
    tell({ tools, heard });
    const move = await hear();
    if ("say" in move) {
      await client.close();
      return move.say;
    }
    const called = await client.callTool({ name: move.tool, arguments: move.arguments });
    heard = called.content.map((part) => part.text).join("\n");
  }
}

for (;;) tell({ said: await converse(await hear()) });
