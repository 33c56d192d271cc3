"""The key is sent over https, or over plain http to this machine, and nowhere else."""

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import AnyHttpUrl

from hostup_mcp.hostup.address import is_loopback, is_safe_base_url
from hostup_mcp.hostup.http import Http

SAFE = [
    "https://cloud.hostup.se",
    "https://cloud.hostup.se/",
    "https://cloud.hostup.se:8443",
    "https://cloud.hostup.se/behind/a/prefix",
    "HTTPS://cloud.hostup.se",
    "https://203.0.113.7",
    "https://[2001:db8::7]:8443",
    "http://localhost",
    "http://LOCALHOST:8080",
    "HTTP://localhost",
    "http://127.0.0.1:8080",
    "http://127.0.0.2",
    "http://127.255.255.254",
    "http://[::1]",
    "http://[::1]:8080",
]

UNSAFE = [
    # Plain http to another machine, or to something that only looks like this one.
    "http://cloud.hostup.se",
    "http://localhost.evil.example",
    "http://evil.example/localhost",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1%2eevil.example",
    "http://localhost.",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://192.168.1.1",
    "http://[2001:db8::1]",
    "http://[fe80::1]",
    "http://[::]",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://127.1",
    "http://[::1]evil.example",
    "http://evil.example[::1]",
    # The real host differs from the visible one.
    "https://user@cloud.hostup.se",
    "https://user:word@cloud.hostup.se",
    "https://@cloud.hostup.se",
    "http://127.0.0.1@evil.example",
    "http://localhost:80@evil.example",
    "http://127.0.0.1\\@evil.example",
    "http://evil.example#@localhost",
    "http://evil.example?@localhost",
    # More than an address.
    "https://cloud.hostup.se?key=value",
    "https://cloud.hostup.se#part",
    "https://cloud.hostup.se?",
    # Not an address.
    "",
    " ",
    "cloud.hostup.se",
    "//cloud.hostup.se",
    "https:",
    "https://",
    "https:///api",
    "https:cloud.hostup.se",
    "ftp://localhost",
    "file:///etc/hosts",
    "javascript:alert(1)",
    "https://cloud.hostup.se:port",
    "https://cloud.hostup.se:65536",
    "https://cloud.hostup.se:-1",
    "https://cloud.hostup.se:80:80",
    "http://127.0.0.1:80:80",
    "https://[::1",
    "https://[::1]]",
    "https://::1",
    "https://[not-an-address]",
    # Such a host is an address to some parsers, and to others an invalid one.
    "https://mcp.example.1",
    "https://mcp.0x7f",
    "https://10.0.0.5.1:8443/",
    # Characters that some URL parsers drop.
    "https://cloud.hostup.se\x7f",
    "https://cloud.hostup.se/\x00",
    "ht\ntps://cloud.hostup.se",
    "https://cloud\t.hostup.se",
    " https://cloud.hostup.se",
    "https://cloud .hostup.se",
    "https://bücher..example",
]


@pytest.mark.parametrize("address", SAFE)
def test_safe_base_urls_are_accepted(address: str) -> None:
    assert is_safe_base_url(address)


@pytest.mark.parametrize("address", UNSAFE)
def test_unsafe_base_urls_are_rejected(address: str) -> None:
    assert not is_safe_base_url(address)
    with pytest.raises(ValueError, match="https, or http to a loopback"):
        Http(address, "key")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("", False),
        ("localhost.evil.example", False),
        ("0.0.0.0", False),
        ("::", False),
        ("128.0.0.1", False),
        ("[::1]", False),
        ("127.0.0.1:80", False),
    ],
)
def test_loopback_hosts_are_recognized(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


addresses = st.text(max_size=30) | st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP", "ftp"]),
    st.sampled_from(["localhost", "127.0.0.1", "[::1]", "cloud.hostup.se"]) | st.text(max_size=12),
    st.sampled_from(["", ":80", ":", "?", "#", "/", "\\", "[::1]"]) | st.text(max_size=4),
    st.sampled_from(["", "/", "@evil.example", ":80"]) | st.text(max_size=4),
)


@settings(max_examples=100)
@given(addresses)
@example("http://[::1%25lo]")
@example("https://a\u0080b")
def test_httpx_reads_safe_urls_alike(address: str) -> None:
    if not is_safe_base_url(address):
        return
    if "xn--" not in address.lower():
        AnyHttpUrl(address)  # as a server over HTTP reads its own and its issuer's
    url = httpx.URL(address)
    assert url.scheme == "https" or is_loopback(url.host)
    assert not url.userinfo
    assert not url.query
    assert not url.fragment
