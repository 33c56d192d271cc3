import asyncio

from agents import mcp


async def main():
    server = mcp.MCPServerStdio({"command": "hostup-mcp", "env": {"HOSTUP_SANDBOX": "1"}})
    # Over HTTP: server = mcp.MCPServerStreamableHttp({"url": "http://127.0.0.1:8000/mcp"})
    async with server:
        print([tool.name for tool in await server.list_tools()])
        print((await server.call_tool("list_vps", {"name": "web-01"})).content[0].text)


asyncio.run(main())
