"""OpenTelemetry tracing: the MCP SDK's spans, and one for each request to HostUp.

Needs the extra `otel`. Nothing is imported unless the environment names an exporter endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class TracingError(Exception):
    """An exporter is configured but the extra `otel` is not installed."""


def trace_if_configured(environ: Mapping[str, str]) -> bool:
    """Set up tracing if an exporter endpoint is set; returns whether it did.

    Raises:
        TracingError: the extra `otel` is missing.
    """
    if not any(environ.get(name) for name in _ENDPOINTS):
        return False
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TracingError("tracing needs the extra otel: pip install 'hostup-mcp[otel]'") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "hostup-mcp"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    return True
