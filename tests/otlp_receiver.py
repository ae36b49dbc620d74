"""A receiver of OpenTelemetry's protocol on this machine, which decodes the spans that it gets."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at of a span; identifiers are hexadecimal digits."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Receiver:
    """The address of a receiver, and what it got."""

    address: str
    spans: list[Span] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def named(self, name: str) -> Span:
        return next(span for span in self.spans if span.name == name)


@contextmanager
def receiver(status: int = 200) -> Iterator[Receiver]:
    """Run a receiver that answers everything with a status."""
    received = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            received.headers.append({name.lower(): value for name, value in self.headers.items()})
            if self.path == "/v1/traces" and status == 200:
                received.spans.extend(decoded(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    received.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()


def decoded(body: bytes) -> Iterator[Span]:
    """Yield the spans of a request (opentelemetry-proto, ExportTraceServiceRequest)."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = next(
            one.value.string_value for one in resource.resource.attributes if one.key == "service.name"
        )
        for scope in resource.scope_spans:
            for span in scope.spans:
                values = {one.key: one.value for one in span.attributes}
                attributes = {key: one.string_value or one.int_value for key, one in values.items()}
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                yield Span(service, span.name, *ids, span.status.code == 2, attributes)
