import anyio
from mcp import Client, StdioServerParameters


async def main():
    server = StdioServerParameters(command="hostup-mcp", env={"HOSTUP_SANDBOX": "1"})
    # Over HTTP: server = "http://127.0.0.1:8000/mcp"
    async with Client(server) as client:
        print([tool.name for tool in (await client.list_tools()).tools])
        print((await client.call_tool("list_vps", {"name": "web-01"})).content[0].text)


anyio.run(main)
