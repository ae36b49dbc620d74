"""Sends the spans of a command to the receiver that OpenTelemetry's environment variables name.

Source of the variables: opentelemetry.io, "OpenTelemetry Protocol Exporter" and "General SDK Configuration". A receiver
that does not answer costs two seconds at most, and never fails a command.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import click

from image_matrix.cli import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from logging import LogRecord

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

PROTOCOL, TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
HTTP = "http/protobuf"
SERVICE = "image-matrix"
SECONDS = 2.0
"""How long the end of a command waits for the receiver."""
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def is_traced(environment: Mapping[str, str]) -> bool:
    """Say whether the environment names a receiver of spans, and does not turn them off."""
    is_named = any(environment.get(name) for name in ENDPOINTS)
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return is_named and not is_off and environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"


def parent_of(environment: Mapping[str, str]) -> str:
    """Return what a command's span belongs to, as TRACEPARENT: the caller's; on GitHub Actions, the run; else nothing.

    All jobs of a run compute the same identifiers, so that their commands are one trace.
    """
    given = environment.get("TRACEPARENT", "")
    if given or environment.get("GITHUB_ACTIONS") != "true":
        return given
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT")
    digits = hashlib.sha256("\n".join(environment.get(name, "") for name in names).encode()).hexdigest()
    return f"00-{digits[:32]}-{digits[32:48]}-01"


def for_buildx(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what buildx needs besides: its default protocol is gRPC (moby/buildkit, util/tracing/detect/otlp.go)."""
    is_set = environment.get(PROTOCOL) or environment.get(TRACES_PROTOCOL)
    return {} if is_set or not is_traced(environment) else {PROTOCOL: HTTP}


def traced(run: Callable[[], int], environment: Mapping[str, str]) -> int:
    """Run a command in a span, send all spans, and return the exit code of the command."""
    protocol = environment.get(TRACES_PROTOCOL) or environment.get(PROTOCOL) or HTTP
    if protocol != HTTP:
        _note(f"the spans of image-matrix are sent by {HTTP} only, not by {protocol}: those of buildx alone")
        return run()
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: F401 - whether it is installed
    except ImportError:
        _note(
            "no spans are sent: install `image-matrix[telemetry]` for them, or unset OTEL_EXPORTER_OTLP_ENDPOINT"
        )
        return run()
    return _traced(run, environment)


def _traced(run: Callable[[], int], environment: Mapping[str, str]) -> int:
    from opentelemetry import trace

    from image_matrix.telemetry import TRACER

    failures = _failures()
    provider = _provider(environment)
    trace.set_tracer_provider(provider)
    tracer = provider.get_tracer(TRACER)
    with tracer.start_as_current_span(SERVICE, context=_context(parent_of(environment))) as current:
        code = run()
        current.set_attribute("process.exit.code", code)
        if code:
            current.set_status(trace.StatusCode.ERROR)
    if not _sent(provider) or failures:
        _note("the receiver of OTEL_EXPORTER_OTLP_ENDPOINT did not take all spans; nothing else is concerned")
    return code


def _provider(environment: Mapping[str, str]) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from image_matrix import __version__

    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": SERVICE}
    resource = Resource.create({**named, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=SECONDS)))
    return provider


def _context(parent: str) -> Context | None:
    """Return the context of a parent; one that is not understood is none (W3C Trace Context, 2.2)."""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if not _TRACEPARENT.fullmatch(parent):
        return None
    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _sent(provider: TracerProvider) -> bool:
    """Send what is left; return whether the receiver has answered in time."""
    import threading

    sending = threading.Thread(target=provider.shutdown, daemon=True)
    sending.start()
    sending.join(SECONDS)
    return not sending.is_alive()


def _failures() -> list[str]:
    """Return a list that gets the messages of the library, which are shown in no other way: they may have addresses."""
    import io
    import logging

    messages: list[str] = []

    def keep(record: LogRecord) -> bool:
        messages.append(record.getMessage())
        return False

    logger, handler = logging.getLogger("opentelemetry"), logging.StreamHandler(io.StringIO())
    handler.addFilter(keep)
    handler.setLevel(logging.WARNING)
    logger.handlers, logger.propagate = [handler], False
    return messages


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)
