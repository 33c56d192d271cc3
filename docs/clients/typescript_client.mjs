import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const client = new Client(
  { name: "my-agent", version: "1.0.0" },
  { versionNegotiation: { mode: "auto" } },
);
const server = new StdioClientTransport({ command: "hostup-mcp", env: { HOSTUP_SANDBOX: "1" } });
// Over HTTP: const server = new StreamableHTTPClientTransport(new URL("http://127.0.0.1:8000/mcp"));
await client.connect(server);
console.log((await client.listTools()).tools.map((tool) => tool.name));
const result = await client.callTool({ name: "list_vps", arguments: { name: "web-01" } });
console.log(result.content[0].text);
await client.close();
