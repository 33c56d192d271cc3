import asyncio

from fastmcp import Client
from fastmcp.client.transports import StdioTransport


async def main():
    server = StdioTransport("hostup-mcp", args=[], env={"HOSTUP_SANDBOX": "1"}, keep_alive=False)
    # Over HTTP: server = "http://127.0.0.1:8000/mcp"
    async with Client(server) as client:
        print([tool.name for tool in await client.list_tools()])
        print((await client.call_tool("list_vps", {"name": "web-01"})).content[0].text)


asyncio.run(main())
