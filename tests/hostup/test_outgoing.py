"""Proxies and certificates of the environment: used, or named in one line."""

import ssl
from pathlib import Path

import pytest
from support.certificates import make_certificate

from hostup_mcp.hostup import outgoing as module
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.outgoing import find_proxy, load_certificates, outgoing
from hostup_mcp.hostup.problems import ClientSetupError

URL = "https://cloud.example.net"
PROXY = "http://127.0.0.1:3128"
SECRET = "pa55word-of-the-proxy"


def find_problems(url: str, environ: dict[str, str]) -> list[str]:
    return module.find_problems("HOSTUP_BASE_URL", url, environ)


@pytest.mark.parametrize("url", ["https://xn--", "https://" + "a" * 100_000])
def test_an_address_that_fails_later_is_named(url: str) -> None:
    assert find_problems(url, {}) == ["HOSTUP_BASE_URL is not an address that can be used."]


@pytest.mark.parametrize(
    "value",
    [
        "::::",
        "http://[bad",
        "http://",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
        "http://a b:1",
        "not a url",
        "http://\N{SNOWMAN}.example:1",
        f"http://user:{SECRET}/{SECRET}@h:80",
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_that_is_none_is_named(variable: str, value: str) -> None:
    (problem,) = find_problems(URL, {variable: value})
    assert problem == f"{variable} is not the address of a proxy, such as http://127.0.0.1:8080."


@pytest.mark.parametrize("value", ["socks://127.0.0.1:7890", "socks4://h", f"ftp://{SECRET}"])
def test_an_unknown_kind_of_proxy_is_named(value: str) -> None:
    (problem,) = find_problems(URL, {"ALL_PROXY": value})
    assert problem == ("ALL_PROXY must begin with one of http://, https://, socks5://, socks5h://.")


def test_a_socks_proxy_names_what_it_needs() -> None:
    (problem,) = find_problems(URL, {"ALL_PROXY": "socks5://127.0.0.1:7890"})
    assert problem == (
        "ALL_PROXY is a SOCKS proxy, which needs the package socksio: pip install socksio."
    )


@pytest.mark.parametrize(
    ("environ", "used"),
    [
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"HTTPS_PROXY": "127.0.0.1:3128"}, PROXY),
        ({"HTTPS_PROXY": "http://user:word@proxy.example:1"}, "http://proxy.example:1"),
        ({"HTTPS_PROXY": "[::1]:8080"}, "http://[::1]:8080"),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "ALL_PROXY": "socks://127.0.0.1:7890"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"HTTP_PROXY": "socks://127.0.0.1:7890"}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_proxy_for_https_is_used(environ: dict[str, str], used: str | None) -> None:
    proxy = find_proxy(URL, environ)
    assert (proxy and str(proxy.url)) == used


@pytest.mark.parametrize(
    ("url", "bypass", "is_direct"),
    [
        (URL, "*", True),
        (URL, "localhost,*", True),
        (URL, "cloud.example.net", True),
        (URL, "example.net", True),
        (URL, ".example.net", True),
        (URL, "*.example.net", True),
        (URL, "CLOUD.EXAMPLE.NET:443", True),
        (URL, "localhost,[::1]", False),
        (URL, "[,]:,::,http://x,[::1]:80:,\N{SNOWMAN}, ,10.0.0.0/8", False),
        (URL, "ample.net", False),
        (URL, "", False),
        ("https://[::1]:8443", "[::1]", True),
        ("https://[::1]:8443", "::1", True),
        ("https://[::1]:8443", "[::1]:8443", True),
        ("https://[::1]:8443", "::2", False),
        ("https://127.0.0.1", "127.0.0.1", True),
    ],
)
def test_no_proxy_is_read_as_far_as_it_can_be(url: str, bypass: str, is_direct: bool) -> None:
    environ = {"HTTPS_PROXY": PROXY, "NO_PROXY": bypass}
    assert (find_proxy(url, environ) is None) is is_direct
    assert find_problems(url, environ) == []


# Certificates -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))[0]


def test_certificates_are_loaded(certificate: Path) -> None:
    context = load_certificates({"SSL_CERT_FILE": str(certificate), "SSL_CERT_DIR": "gone"})
    assert context is not None
    assert context.cert_store_stats()["x509"] == 1
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert load_certificates({"SSL_CERT_DIR": str(certificate.parent)}) is not None
    assert load_certificates({}) is None


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("SSL_CERT_FILE", "gone.pem", "The file of SSL_CERT_FILE does not exist."),
        ("SSL_CERT_FILE", "empty.pem", "The file of SSL_CERT_FILE has no certificates."),
        ("SSL_CERT_FILE", ".", "The file of SSL_CERT_FILE cannot be read (Is a directory)."),
        ("SSL_CERT_DIR", "gone", "The folder of SSL_CERT_DIR does not exist."),
        ("SSL_CERT_DIR", "empty.pem", "The folder of SSL_CERT_DIR does not exist."),
        ("SSL_CERT_DIR", "x" * 300, "The folder of SSL_CERT_DIR does not exist."),
        (
            "SSLKEYLOGFILE",
            "gone/keys",
            "The file of SSLKEYLOGFILE cannot be written (No such file or directory).",
        ),
    ],
)
def test_certificates_that_are_gone_are_named(
    variable: str, value: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.pem").touch()
    assert find_problems(URL, {variable: value}) == [problem]
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ClientSetupError, match=variable):
        Http(URL, "key")


def test_a_broken_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "broken.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n")
    assert find_problems(URL, {"SSL_CERT_FILE": str(file)}) == []
    with pytest.raises(ClientSetupError, match="The certificates of SSL_CERT_FILE cannot be"):
        load_certificates({"SSL_CERT_FILE": str(file)})


def test_plain_http_uses_none_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"ALL_PROXY": "socks://x", "HTTP_PROXY": PROXY, "SSL_CERT_FILE": "gone"}
    assert find_problems("http://127.0.0.1:8080", broken) == []
    way = outgoing("http://127.0.0.1:8080", broken)
    assert way.proxy is None
    assert way.verify.cert_store_stats()["x509"] == 0


def test_each_variable_is_a_line() -> None:
    found = find_problems(URL, {"ALL_PROXY": "socks://x", "SSL_CERT_FILE": "gone"})
    assert [line.split("_")[0].split()[-1] for line in found] == ["ALL", "SSL"]


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_value_never_shows(variable: str) -> None:
    for line in find_problems(URL, {variable: f"{SECRET}://{SECRET}@{SECRET}/{SECRET}"}):
        assert SECRET not in line
