import asyncio

from fastmcp.client.transports import StdioTransport
from pydantic_ai.mcp import MCPToolset


async def main():
    server = StdioTransport("hostup-mcp", args=[], env={"HOSTUP_SANDBOX": "1"}, keep_alive=False)
    # Over HTTP: server = "http://127.0.0.1:8000/mcp"
    async with MCPToolset(server) as toolset:
        print([tool.name for tool in await toolset.list_tools()])
        print(await toolset.direct_call_tool("list_vps", {"name": "web-01"}))


asyncio.run(main())
