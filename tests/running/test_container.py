"""Starts that fail, and ends."""

from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.running.container import end, start
from image_matrix.running.launch import launch_of
from image_matrix.running.model import RunOptions
from image_matrix.running.words import FOLLOWED
from image_matrix.verify.engine import CommandResult, Engine
from tests.running.images import LAB
from tests.verify.test_engine import Recorder

IN_USE = """\
docker: Error response from daemon: driver failed programming external connectivity on endpoint one: Bind for
127.0.0.1:8888 failed: port is already allocated.
"""


def refused(code: int | None, err: str, port: int | None = None) -> Failure:
    engine = Engine(Recorder(run=CommandResult(code, "", err)))
    with pytest.raises(Failure) as caught:
        start(engine, launch_of(LAB, RunOptions(port=port), "one"), FOLLOWED)
    return caught.value


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    failure = refused(125, IN_USE, 8888)
    assert failure.exit_code == EnvironmentFailure.exit_code
    assert failure.message == "port 8888 is in use on the engine's machine"
    assert "`--port`" in failure.help


def test_an_entry_point_that_does_not_start_is_the_image_s_fault() -> None:
    failure = refused(127, "exec: /init: not found")
    assert (failure.exit_code, failure.message) == (
        1,
        "registry/jupyter:1 does not start: exec: /init: not found",
    )


@pytest.mark.parametrize("code", [125, None])
def test_anything_else_is_the_engine_s(code: int | None) -> None:
    failure = refused(code, "no space left on device")
    assert failure.exit_code == EnvironmentFailure.exit_code
    assert "no space left on device" in failure.message


def test_the_end_is_quick_and_leaves_only_the_named_volume() -> None:
    call = Recorder()
    end(Engine(call), "one")
    assert call.calls == [("stop", "-t", "2", "one"), ("rm", "--force", "--volumes", "one")]


def test_a_container_is_removed_also_if_the_stop_is_interrupted() -> None:
    verbs = []

    def call(arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        assert text is None
        assert seconds > 0
        verbs.append(arguments[0])
        if arguments[0] == "stop":
            raise KeyboardInterrupt
        return CommandResult(0, "")

    with pytest.raises(KeyboardInterrupt):
        end(Engine(call), "one")
    assert verbs == ["stop", "rm"]
