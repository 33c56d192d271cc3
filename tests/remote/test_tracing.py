"""Tracing is on where the environment says so; what it cannot use is named."""

import pytest

from hostup_mcp.remote.tracing import TracingError, trace_if_configured

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SOMEWHERE = {ENDPOINT: "http://127.0.0.1:9"}


@pytest.mark.parametrize("value", ["true", "TRUE", " true "])
def test_it_can_be_switched_off(value: str) -> None:
    assert trace_if_configured({**SOMEWHERE, "OTEL_SDK_DISABLED": value}) is False
    # Whatever else is set.
    assert trace_if_configured({ENDPOINT: "no URL", "OTEL_SDK_DISABLED": value}) is False


def test_without_an_endpoint_it_is_off() -> None:
    assert trace_if_configured({"OTEL_SDK_DISABLED": "false"}) is False


@pytest.mark.parametrize("value", ["localhost:4318", "not a url", "grpc://collector:4317"])
@pytest.mark.parametrize("name", [ENDPOINT, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_an_endpoint_that_is_none_is_named(name: str, value: str) -> None:
    with pytest.raises(TracingError) as caught:
        trace_if_configured({name: value})
    assert str(caught.value) == f"{name} must be an http:// or https:// address"


def test_a_certificate_that_is_gone_is_named() -> None:
    name = "OTEL_EXPORTER_OTLP_CERTIFICATE"
    with pytest.raises(TracingError, match=f"the file of {name} does not exist"):
        trace_if_configured({**SOMEWHERE, name: "/gone.pem"})


def test_what_the_library_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = {**SOMEWHERE, "OTEL_BSP_MAX_QUEUE_SIZE": "-1"}
    for name, value in odd.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TracingError) as caught:
        trace_if_configured(odd)
    assert str(caught.value) == (
        "tracing cannot be set up (ValueError). Check OTEL_BSP_MAX_QUEUE_SIZE"
    )
