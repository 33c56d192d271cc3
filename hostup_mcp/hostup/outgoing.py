"""How requests leave this machine: the proxy and the certificates that the environment names.

httpx reads the same variables when a client is built. On some values it fails with an exception
that names no variable, and others, such as a proxy without a host, it takes and fails later.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import httpx

from hostup_mcp.hostup.problems import ClientSetupError
from hostup_mcp.hostup.variables import PROXIES

_BYPASS = ("no_proxy", "NO_PROXY")
_SCHEMES = ("http", "https", "socks5", "socks5h")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", re.ASCII)


@dataclass(frozen=True)
class Outgoing:
    """How requests to one address leave this machine."""

    verify: ssl.SSLContext
    proxy: httpx.Proxy | None


def outgoing(url: str, environ: Mapping[str, str] = os.environ) -> Outgoing:
    """Return how requests to `url` leave this machine.

    Plain http never goes through a proxy: it would see, and could change, what is sent.

    Raises:
        ClientSetupError: a variable cannot be used; the message names it, never its value.
    """
    if not url.startswith("https:"):
        # A context without any certificate: nothing is loaded, and nothing is trusted.
        return Outgoing(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), None)
    proxy = find_proxy(url, environ)
    verify = load_certificates(environ)
    return Outgoing(verify or httpx.create_ssl_context(trust_env=False), proxy)


def find_problems(name: str, url: str, environ: Mapping[str, str]) -> list[str]:
    """Return what keeps a client for `url`, of the setting `name`, from being built.

    There is a line for each variable, and nothing is loaded that takes long.
    """
    try:
        # Each can fail, and requests do both: a host may have an impossible international name.
        httpx.URL(url).host  # noqa: B018
    except (httpx.InvalidURL, ValueError):
        return [f"{name} is not an address that can be used."]
    found: list[str] = []
    if url.startswith("https:"):
        try:
            find_proxy(url, environ)
        except ClientSetupError as error:
            found.append(str(error))
        try:
            check_certificates(environ)
        except ClientSetupError as error:
            found.append(str(error))
    return found


def find_proxy(url: str, environ: Mapping[str, str]) -> httpx.Proxy | None:
    """Return the proxy for the https address `url`: the environment's, or else the system's.

    Raises:
        ClientSetupError: its variable is not the address of a proxy.
    """
    host = httpx.URL(url).host.lower()
    variable = next((name for name in PROXIES if environ.get(name, "").strip()), None)
    if variable is not None:
        bypass = next((environ[name] for name in _BYPASS if environ.get(name)), "")
        if any(_is_bypassed(host, entry.strip().lower()) for entry in bypass.split(",")):
            return None
        return _proxy(environ[variable].strip(), variable)
    if any(environ.get(name) is not None for name in PROXIES):
        return None  # set to nothing: no proxy, whatever the system says
    system = getproxies() if environ is os.environ else {}
    address = system.get("https") or system.get("all")
    if not address or proxy_bypass(host):
        return None
    return _proxy(address, "The proxy in this system's settings")


def _is_bypassed(host: str, entry: str) -> bool:
    """Return whether `entry` of NO_PROXY is `host` or a domain of it; a strange one is nothing."""
    name = entry.lstrip("*").lstrip(".")
    if name.startswith("[") or name.count(":") == 1:
        name = re.sub(r":\d*$", "", name).strip("[]")
    return entry == "*" or (bool(name) and (host == name or host.endswith(f".{name}")))


def _proxy(address: str, variable: str) -> httpx.Proxy:
    scheme, found, _ = address.partition("://")
    if not found:
        scheme, address = "http", f"http://{address}"
    if scheme.lower() not in _SCHEMES:
        known = ", ".join(f"{name}://" for name in _SCHEMES)
        raise ClientSetupError(f"{variable} must begin with one of {known}.")
    if scheme.lower().startswith("socks") and find_spec("socksio") is None:
        raise ClientSetupError(
            f"{variable} is a SOCKS proxy, which needs the package socksio: pip install socksio."
        )
    with suppress(httpx.InvalidURL, ValueError):
        proxy = httpx.Proxy(address)
        port = proxy.url.port
        if _HOST.fullmatch(proxy.url.host) and (port is None or 0 < port < 65536):
            return proxy
    raise ClientSetupError(
        f"{variable} is not the address of a proxy, such as http://127.0.0.1:8080."
    )


def load_certificates(environ: Mapping[str, str]) -> ssl.SSLContext | None:
    """Return a context that trusts the certificates that a variable names; None if none does.

    Raises:
        ClientSetupError: they cannot be loaded, or the file for TLS secrets cannot be written.
    """
    check_certificates(environ)
    file, folders = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    try:
        if file:
            return ssl.create_default_context(cafile=file)
        return ssl.create_default_context(capath=folders) if folders else None
    except (OSError, ValueError):
        variable = "SSL_CERT_FILE" if file else "SSL_CERT_DIR"
        raise ClientSetupError(f"The certificates of {variable} cannot be loaded.") from None


def check_certificates(environ: Mapping[str, str]) -> None:
    """Do what is quick of `load_certificates`: loading a usual file takes a tenth of a second.

    Raises:
        ClientSetupError: as there.
    """
    log, file = environ.get("SSLKEYLOGFILE", ""), environ.get("SSL_CERT_FILE", "")
    try:
        # Every TLS context of Python opens it, and fails without the name of the variable.
        if log:
            with open(log, "ab"):
                pass
    except (OSError, ValueError) as error:
        raise ClientSetupError(
            f"The file of SSLKEYLOGFILE cannot be written ({_reason(error)})."
        ) from None
    try:
        content = Path(file).read_bytes() if file else b""
    except FileNotFoundError:
        raise ClientSetupError("The file of SSL_CERT_FILE does not exist.") from None
    except (OSError, ValueError) as error:
        raise ClientSetupError(
            f"The file of SSL_CERT_FILE cannot be read ({_reason(error)})."
        ) from None
    if file and b"CERTIFICATE-----" not in content:
        raise ClientSetupError("The file of SSL_CERT_FILE has no certificates.")
    folders = "" if file else environ.get("SSL_CERT_DIR", "")
    # OpenSSL would take a folder that does not exist, and then trust no certificate.
    if folders and not any(map(os.path.isdir, folders.split(os.pathsep))):
        raise ClientSetupError("The folder of SSL_CERT_DIR does not exist.")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
