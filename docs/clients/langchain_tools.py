import asyncio

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools


async def main():
    server = {
        "transport": "stdio",
        "command": "hostup-mcp",
        "args": [],
        "env": {"HOSTUP_SANDBOX": "1"},
    }
    # Over HTTP: server = {"transport": "streamable_http", "url": "http://127.0.0.1:8000/mcp"}
    async with MultiServerMCPClient({"hostup": server}).session("hostup") as session:
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}
        print(list(tools))
        print((await tools["list_vps"].ainvoke({"name": "web-01"}))[0]["text"])


asyncio.run(main())
