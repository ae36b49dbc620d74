"""Spans of commands, as a receiver on this machine gets them from processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.tracing import for_buildx, is_traced, parent_of
from image_matrix.telemetry import span, trace_variables
from tests.otlp_receiver import receiver

if TYPE_CHECKING:
    from .conftest import Repository

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PARENT = f"00-{'a' * 32}-{'b' * 16}-01"
RUN = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "team/images", "GITHUB_RUN_ID": "7"}
INSTALLED = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import opentelemetry.sdk"], capture_output=True).returncode != 0,
    reason="the extra `telemetry` is not installed",
)


def ran(
    repository: Repository, *arguments: str, before: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, without the variables of this one's run and telemetry."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OTEL_", "GITHUB_", "TRACEPARENT"))
    }
    code = f"import sys; {before}\nfrom image_matrix.cli import main\nmain(sys.argv[1:])"
    command = [sys.executable, "-c", code, "-C", str(repository.root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**inherited, **variables})


@INSTALLED
@pytest.mark.slow
def test_a_command_is_a_span_of_the_callers_trace(repository: Repository) -> None:
    with receiver() as found:
        variables = {ENDPOINT: found.address, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=s3cret,x-other=1"}
        done = ran(repository, "list", TRACEPARENT=PARENT, **variables)
        assert (done.returncode, done.stderr) == (0, "")
        failed = ran(repository, "plan", "nothing", OTEL_SERVICE_NAME="ours", TRACEPARENT="x", **variables)
        assert failed.returncode == 2
    assert {one["x-key"] for one in found.headers} == {"s3cret"}
    first, second = found.named("image-matrix list"), found.named("image-matrix plan")
    assert (first.service, first.trace, first.parent) == ("image-matrix", "a" * 32, "b" * 16)
    assert (first.failed, first.attributes["process.exit.code"]) == (False, 0)
    assert (second.service, second.parent, second.failed) == ("ours", "", True)
    assert second.attributes["process.exit.code"] == 2


@INSTALLED
@pytest.mark.slow
def test_the_commands_of_a_run_are_one_trace(repository: Repository) -> None:
    with receiver() as found:
        for attempt in ("1", "1", "2"):
            variables = {**RUN, "GITHUB_RUN_ATTEMPT": attempt, ENDPOINT: found.address}
            assert ran(repository, "list", **variables).returncode == 0
    first, second, other = found.spans
    assert (first.trace, first.parent) == (second.trace, second.parent)
    assert first.trace != other.trace


@INSTALLED
@pytest.mark.slow
def test_a_receiver_that_refuses_or_hangs_changes_nothing_but_a_note(repository: Repository) -> None:
    secret = {"OTEL_EXPORTER_OTLP_HEADERS": "x-key=s3cret"}
    with receiver(401) as refusing, socket.create_server(("127.0.0.1", 0)) as hanging:
        port = hanging.getsockname()[1]
        for address in (refusing.address, f"http://127.0.0.1:{port}", "http://127.0.0.1:9", "not an address"):
            done = ran(repository, "list", **{ENDPOINT: address, **secret})
            assert (done.returncode, "base" in done.stdout) == (0, True)
            assert done.stderr == (
                "note: the receiver of OTEL_EXPORTER_OTLP_ENDPOINT did not take all spans; "
                "nothing else is concerned\n"
            ), address


@pytest.mark.slow
def test_without_the_library_one_line_says_so(repository: Repository) -> None:
    missing = "sys.modules['opentelemetry'] = None"
    done = ran(repository, "list", before=missing, **{ENDPOINT: "http://127.0.0.1:9"})
    assert (done.returncode, "base" in done.stdout) == (0, True)
    assert done.stderr.splitlines() == [
        "note: no spans are sent: install `image-matrix[telemetry]` for them, or unset OTEL_EXPORTER_OTLP_ENDPOINT"
    ]


@pytest.mark.slow
def test_without_a_receiver_the_library_is_not_imported(repository: Repository) -> None:
    check = "import atexit; atexit.register(lambda: print('opentelemetry' in sys.modules))"
    assert ran(repository, "list", before=check).stdout.endswith("\nFalse\n")
    off = {ENDPOINT: "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}
    assert ran(repository, "list", before=check, **off).stdout.endswith("\nFalse\n")


def test_where_nothing_is_recorded_spans_are_nothing() -> None:
    with span("work", images=1):
        assert trace_variables() == {}


def test_buildx_gets_the_protocol_that_image_matrix_speaks() -> None:
    here = {ENDPOINT: "http://localhost:4318"}
    assert for_buildx(here) == {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    assert for_buildx({**here, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) == {}
    assert for_buildx({**here, "OTEL_TRACES_EXPORTER": "none"}) == for_buildx({}) == {}
    assert not is_traced({ENDPOINT: ""})


def test_a_callers_trace_comes_before_that_of_the_run() -> None:
    assert parent_of({**RUN, "TRACEPARENT": PARENT}) == PARENT
    assert parent_of({}) == ""
    assert parent_of(RUN).startswith("00-")
    assert parent_of(RUN) != parent_of({**RUN, "GITHUB_RUN_ID": "8"})
