"""Opens spans of OpenTelemetry, where :mod:`image_matrix.cli.tracing` has turned it on; else it does nothing.

The library is never imported here: a command without a receiver starts as fast as without this module.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACER = "image_matrix"
_LIBRARY = "opentelemetry.sdk.trace"


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """Record a piece of work; with attributes of OpenTelemetry, in whose names ``__`` stands for ``.``."""
    if _LIBRARY not in sys.modules:
        yield
        return
    from opentelemetry import trace

    named = {key.replace("__", "."): value for key, value in attributes.items()}
    with trace.get_tracer(TRACER).start_as_current_span(name, attributes=named):
        yield


def name_span(name: str) -> None:
    """Rename the current span."""
    if _LIBRARY in sys.modules:
        from opentelemetry import trace

        trace.get_current_span().update_name(name)


def trace_variables() -> dict[str, str]:
    """Return the environment variables by which another program adds its spans to the current one.

    Source: opentelemetry.io, "Environment Variables as Context Propagation Carriers"; W3C Trace Context, 3.2.
    """
    if _LIBRARY not in sys.modules:
        return {}
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    ids = (f"{context.trace_id:032x}", f"{context.span_id:016x}", f"{context.trace_flags:02x}")
    return {"TRACEPARENT": "-".join(("00", *ids))}
