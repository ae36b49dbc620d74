from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.verify.engine import CommandResult, Engine, Spec, Unstartable, docker
from image_matrix.verify.volume import Volume

MOUNT = (
    "--mount=type=volume,dst=/home/jovyan,volume-nocopy,volume-driver=local,volume-opt=type=tmpfs,"
    'volume-opt=device=tmpfs,"volume-opt=o=uid=0,gid=7,mode=2775,size=64k"'
)


class Recorder:
    """A command line that remembers its calls and gives the answers it was told."""

    def __init__(self, **answers: CommandResult) -> None:
        self.answers = answers
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        assert text is None or text
        assert seconds > 0
        self.calls.append(arguments)
        return self.answers.get(arguments[0], CommandResult(0, "id\n"))

    def verbs(self) -> list[str]:
        return [call[0] for call in self.calls]


def test_every_container_is_without_privileges() -> None:
    arguments = Spec("image").arguments()
    assert arguments == ("--cap-drop=ALL", "--security-opt=no-new-privileges", "image")


def test_a_spec_in_full() -> None:
    spec = Spec(
        "image", "linux/arm64", {"NB_PREFIX": "/a b"}, user="5:0", groups=(100,), volume=Volume(gid=7, size="64k"),
        read_only=True, tmpfs=("/scratch",), network="container:x", entrypoint="python", command=("-c", "1"),
        devices=("--gpus=all",),
    )  # fmt: skip
    assert spec.arguments()[2:] == (
        "--platform=linux/arm64", "--user=5:0", "--network=container:x", "--entrypoint=python",
        MOUNT,
        "--env=NB_PREFIX=/a b", "--group-add=100", "--read-only", "--tmpfs=/scratch", "--gpus=all", "image", "-c", "1",
    )  # fmt: skip


def test_a_container_and_its_volume_are_removed_whatever_happens() -> None:
    call = Recorder()
    with pytest.raises(ZeroDivisionError), Engine(call).container(Spec("image")):
        raise ZeroDivisionError
    assert call.verbs() == ["run", "rm"]
    name = next(word for word in call.calls[0] if word.startswith("--name=")).partition("=")[2]
    assert call.calls[1] == ("rm", "--force", "--volumes", name)


@pytest.mark.parametrize("code", [126, 127])
def test_an_entry_point_that_does_not_start_is_the_image_s_fault(code: int) -> None:
    call = Recorder(run=CommandResult(code, "", "exec: /init: not found"))
    with pytest.raises(Unstartable, match="/init"), Engine(call).container(Spec("image")):
        pytest.fail("it did not start")
    assert call.verbs() == ["run", "rm"]


@pytest.mark.parametrize("code", [125, None])
def test_an_engine_that_does_not_start_it_is_the_environment_s_fault(code: int | None) -> None:
    call = Recorder(run=CommandResult(code, "", "no space left on device"))
    with pytest.raises(EnvironmentFailure, match="no space"), Engine(call).container(Spec("image")):
        pytest.fail("it did not start")


def test_waiting_ends_with_the_time() -> None:
    with Engine(Recorder(wait=CommandResult(None, ""))).container(Spec("image")) as container:
        assert container.wait(1.0) is None
    with Engine(Recorder(wait=CommandResult(0, "137\n"))).container(Spec("image")) as container:
        assert container.wait(1.0) == 137


def test_runtimes() -> None:
    assert Engine(Recorder(info=CommandResult(0, '{"runc": {}, "nvidia": {}}'))).runtimes() == {
        "runc",
        "nvidia",
    }
    with pytest.raises(EnvironmentFailure, match="does not name its runtimes: no"):
        Engine(Recorder(info=CommandResult(1, "", "no"))).runtimes()


def test_an_image_that_cannot_be_pulled() -> None:
    with pytest.raises(EnvironmentFailure, match="manifest unknown"):
        Engine(Recorder(pull=CommandResult(1, "", "a\nmanifest unknown"))).pull("image", None, "build it")


def test_a_registry_that_limits_pulls_is_waited_for(pauses: list[float]) -> None:
    limit = CommandResult(
        1, "", "Error response from daemon: toomanyrequests: You have reached your pull rate limit."
    )
    answers = [limit, limit, CommandResult(0, "")]
    Engine(lambda *_: answers.pop(0)).pull("image", None, "build it")
    assert pauses == [1.0, 2.0]
    with pytest.raises(EnvironmentFailure, match=r"cannot be pulled: .*pull rate limit") as caught:
        Engine(lambda *_: limit).pull("image", None, "build it")
    assert "wait a few minutes" in caught.value.help


def test_a_pull_that_takes_too_long_is_not_tried_again(pauses: list[float]) -> None:
    with pytest.raises(EnvironmentFailure):
        Engine(lambda *_: CommandResult(None, "", "timeout")).pull("image", None, "build it")
    assert pauses == []


def test_no_docker_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvironmentFailure, match="`docker` is not on PATH"):
        docker()
