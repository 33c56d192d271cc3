"""Real proxies: Caddy and nginx, with the configurations that the documentation prints."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from .sockets import free_port
from .waiting import wait_until

ROOT = Path(__file__).parents[2]
HOST = "mcp.example.com"
KINDS = ("caddy", "nginx", "compose")

_PACKAGED = ROOT / ".cache" / "packaging" / "venvs" / "proxies" / "bin" / "caddy"


def caddy() -> str:
    """The path of a Caddy that is new enough; skips the test if there is none."""
    given = os.environ.get("HOSTUP_MCP_TEST_CADDY")
    for program in (given, str(_PACKAGED), shutil.which("caddy")):
        if program and Path(program).exists():
            shown = subprocess.run([program, "version"], capture_output=True, text=True).stdout
            found = re.search(r"(\d+)\.(\d+)\.\d+", shown)
            if found and (int(found[1]), int(found[2])) >= (2, 7):
                return program
    pytest.skip("there is no Caddy 2.7 or newer: run packaging/setup")


def nginx() -> str:
    """The path of nginx; skips the test if there is none."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("there is no nginx (Debian: apt install nginx-light)")
    return program


def printed(kind: str) -> str:
    """The configuration of a kind of proxy, as docs/operating.md or compose.yaml has it."""
    if kind == "compose":
        text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
        return text[text.index("    content: |\n") :].partition("\n")[2]
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    [block] = re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(block)


def replaced(text: str, given: str, actual: str) -> str:
    """`text` with this machine's value for one that is printed, which must occur."""
    assert given in text, given
    return text.replace(given, actual)


@contextmanager
def proxy(kind: str, folder: Path, ports: Sequence[int], certificate: Path) -> Iterator[int]:
    """Run a kind of proxy before the servers on two `ports`, and return its own port.

    Only addresses and the certificate differ from what is printed.
    """
    port, text = free_port(), printed(kind)
    key = certificate.with_name("key.pem")
    for number, actual in enumerate(ports):
        given = f"replica-{number + 1}:8000" if kind == "compose" else f"127.0.0.1:800{number}"
        text = replaced(text, given, f"127.0.0.1:{actual}")
    if kind == "nginx":
        text = replaced(text, "listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
        text = replaced(text, f"/etc/ssl/certs/{HOST}.pem", str(certificate))
        text = replaced(text, f"/etc/ssl/private/{HOST}.key", str(key))
        text = _nginx_around(text, folder)
        command = [nginx(), "-p", str(folder), "-c", str(folder / "proxy.conf"), "-e", "stderr"]
    else:
        if kind == "compose":
            text = replaced(text, ":8080 {", f"http://:{port} {{\n  bind 127.0.0.1")
        else:
            opening = f"https://{HOST}:{port} {{\n  bind 127.0.0.1\n  tls {certificate} {key}"
            text = replaced(text, f"{HOST} {{", opening)
        text = "{\n  admin off\n  auto_https disable_redirects\n}\n" + text
        command = [caddy(), "run", "--adapter", "caddyfile", "--config", str(folder / "proxy.conf")]
    (folder / "proxy.conf").write_text(text, encoding="utf-8")
    log = folder / "proxy.log"
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with log.open("wb") as out:
        running = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        wait_until(lambda: _is_open(port) or running.poll() is not None, "the proxy listens")
        assert running.poll() is None, log.read_text()
        yield port
    finally:
        running.terminate()
        running.wait(10)


def _nginx_around(site: str, folder: Path) -> str:
    """The rest of a configuration of nginx, which the system's package has."""
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in temporary)
    user = "user root;\n" if os.geteuid() == 0 else ""
    main = f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nevents {{}}\n"
    return f"{main}http {{\naccess_log off;\n{paths}{site}\n}}\n"


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
