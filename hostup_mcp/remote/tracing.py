"""OpenTelemetry tracing: the MCP SDK's spans, and one for each request to HostUp.

Needs the extra `otel`. Nothing is imported unless the environment names an exporter endpoint.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from hostup_mcp.hostup.address import is_loopback

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

_CERTIFICATES = ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")
_FILES = [
    *(f"OTEL_EXPORTER_OTLP_{name}" for name in _CERTIFICATES),
    *(f"OTEL_EXPORTER_OTLP_TRACES_{name}" for name in _CERTIFICATES),
]


class TracingError(Exception):
    """Tracing cannot be set up: the extra `otel` is missing, or a variable cannot be used."""


def trace_if_configured(environ: Mapping[str, str]) -> bool:
    """Set up tracing if an exporter endpoint is set; returns whether it did.

    Raises:
        TracingError: the extra `otel` is missing, or a variable cannot be used.
    """
    endpoints = [name for name in _ENDPOINTS if environ.get(name)]
    if not endpoints or environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    for name in endpoints:
        if not environ[name].startswith(("http://", "https://")):
            raise TracingError(f"{name} must be an http:// or https:// address")
    for name in _FILES:
        if environ.get(name) and not os.path.isfile(environ[name]):
            raise TracingError(f"the file of {name} does not exist")
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from requests import Session
    except ImportError:
        missing = "tracing needs the extra otel: in the clone, pip install '.[otel]'"
        raise TracingError(missing) from None
    try:
        session = Session()
        # The last of them counts. Nothing for this machine goes through a proxy.
        url = urlsplit(environ[endpoints[-1]])
        session.trust_env = url.scheme == "https" or not is_loopback(url.hostname or "")
        provider = TracerProvider(resource=Resource.create({"service.name": "hostup-mcp"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(session=session)))
    except Exception as error:
        # Which exceptions its many variables raise is not documented, and a text may quote a value.
        given = [name for name in environ if name.startswith("OTEL_") and name not in endpoints]
        raise TracingError(
            f"tracing cannot be set up ({type(error).__name__}). "
            f"Check {', '.join(sorted(given) or endpoints)}"
        ) from None
    trace.set_tracer_provider(provider)
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    return True
