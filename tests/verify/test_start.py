"""Images that promise a service, or nothing: what the engine is asked, and what its answers mean."""

from __future__ import annotations

import json

import pytest

from image_matrix.verify.engine import CommandResult, Engine
from image_matrix.verify.model import Subject
from image_matrix.verify.run import verify
from tests.verify.test_engine import Recorder

CONFIG = {"Entrypoint": ["tini", "--"], "Cmd": ["start"], "ExposedPorts": {"8888/tcp": {}, "53/udp": {}}}
WORKER = Subject("worker:default", "registry/worker", contract="none")
RUNS = CommandResult(None, "")


def described(config: object) -> CommandResult:
    return CommandResult(0, json.dumps(config))


def statuses(engine: Engine, subject: Subject) -> dict[str, str]:
    return {result.name: result.status for result in verify(engine, subject).results}


def test_the_configuration_says_how_an_image_starts_and_where_it_listens() -> None:
    start = Engine(Recorder(image=described(CONFIG))).start_of("registry/worker")
    assert (start.words, start.ports) == (("tini", "--", "start"), (8888,))


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("unix:///run/user/1000/podman/podman.sock", "127.0.0.1"),
        ("tcp://docker:2375", "docker"),
        ("tcp://localhost:2375", "127.0.0.1"),
        ("tcp://[::1]:2375", "127.0.0.1"),
        ("ssh://me@builder", None),
    ],
)
def test_ports_are_reached_at_the_engine_s_machine(endpoint: str, host: str | None) -> None:
    assert Engine(Recorder(context=CommandResult(0, f"{endpoint}\n"))).host() == host


def test_an_image_that_runs_passes() -> None:
    engine = Engine(Recorder(image=described(CONFIG), wait=RUNS))
    assert statuses(engine, WORKER) == {"start": "passed"}


def test_an_image_whose_shell_ends_at_once_passes() -> None:
    engine = Engine(Recorder(image=described({"Cmd": ["bash"]}), wait=CommandResult(0, "0\n")))
    assert statuses(engine, WORKER) == {"start": "passed"}


def test_an_image_without_a_command_is_started_with_a_trivial_one() -> None:
    call = Recorder(image=described({"Entrypoint": None, "Cmd": None}), wait=CommandResult(0, "0\n"))
    assert statuses(Engine(call), WORKER) == {"start": "passed"}
    assert next(line for line in call.calls if line[0] == "run")[-2:] == ("registry/worker", "true")


def test_an_image_that_fails_at_once_fails_with_its_log() -> None:
    call = Recorder(image=described(CONFIG), wait=CommandResult(0, "3\n"), logs=CommandResult(0, "no queue"))
    (result,) = verify(Engine(call), WORKER).results
    assert result.status == "failed"
    assert result.detail.startswith("the container ended with exit code 3")
    assert result.log == "no queue"


def test_a_service_that_ends_is_none() -> None:
    engine = Engine(Recorder(image=described({"Cmd": ["true"]}), wait=CommandResult(0, "0\n")))
    service = Subject("api:default", "registry/api", contract="service")
    assert set(statuses(engine, service).values()) == {"failed"}


def test_no_container_of_theirs_loses_its_capabilities() -> None:
    call = Recorder(image=described(CONFIG), wait=RUNS)
    verify(Engine(call), WORKER)
    assert not any("--cap-drop=ALL" in line for line in call.calls)


def test_the_report_says_what_is_not_promised() -> None:
    report = verify(Engine(Recorder(image=described(CONFIG), wait=RUNS)), WORKER)
    assert report.contract == "none"
    assert {"http", "sigterm", "any-uid", "command", "hub-start"} <= {*report.left_out}
