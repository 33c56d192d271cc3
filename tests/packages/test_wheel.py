"""The wheel is complete and works in an empty environment."""

import subprocess
import sys
import zipfile
from pathlib import Path

from .tools import BIN, ROOT, needs_tools

pytestmark = needs_tools

FIRST_ANSWER = """
import anyio
from mcp import Client, StdioServerParameters

async def main():
    child = StdioServerParameters(command={command!r}, args=["--sandbox"])
    async with Client(child, mode="legacy") as client:
        print((await client.call_tool("list_vps", {{"name": "web-01"}})).content[0].text)

anyio.run(main)
"""


def test_the_wheel_works_in_a_new_environment(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    subprocess.run([BIN / "python", "-m", "build", "-o", dist, ROOT], check=True)
    subprocess.run([BIN / "twine", "check", "--strict", *dist.iterdir()], check=True)
    [wheel] = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as inside:
        names = set(inside.namelist())
    for needed in ("py.typed", "stdio/prepared.json", "server/panel/recovery.html"):
        assert f"hostup_mcp/{needed}" in names
    for text in ("LICENSE", "hostup_mcp/server/panel/LICENSES.txt"):
        assert [name for name in names if name.endswith(f".dist-info/licenses/{text}")]
    assert not [name for name in names if name.startswith(("tests/", "panel/"))]

    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    # Without constraints, as a user installs it.
    subprocess.run([python, "-m", "pip", "install", "-q", wheel], check=True)
    script = FIRST_ANSWER.format(command=str(python.with_name("hostup-mcp")))
    done = subprocess.run(
        [python, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "web-01" in done.stdout, done.stderr
