"""The variables of the environment that say how requests leave this machine."""

from __future__ import annotations

PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
"""The variables that name the proxy for https. The first that is set counts."""

OUTGOING = (*PROXIES, "SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""All of them; where none is set, nothing can be wrong with one."""
