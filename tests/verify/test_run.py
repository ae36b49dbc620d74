"""What an interruption leaves behind: nothing."""

from __future__ import annotations

import signal
import threading

import pytest

from image_matrix.verify import run
from image_matrix.verify.engine import CommandResult, Engine
from image_matrix.verify.model import Subject
from image_matrix.verify.run import verify
from tests.verify.test_engine import Recorder

LAB = Subject("lab:default", "registry/lab", "jupyter")
DEADLINE = 20.0


class Hanging:
    """A command line whose containers answer only when they are removed; the first question interrupts the run."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.started: list[str] = []
        self.removed: set[str] = set()
        self.gone = threading.Event()
        self.interrupted = False

    def __call__(self, arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        assert text is None or text
        assert seconds > 0
        verb = arguments[0]
        if verb == "run":
            name = next(word for word in arguments if word.startswith("--name=")).partition("=")[2]
            with self.lock:
                self.started.append(name)
            return CommandResult(0, name)
        if verb == "ps":
            return CommandResult(0, "\n".join(self.started))
        if verb == "rm":
            with self.lock:
                self.removed |= set(arguments[3:])
            self.gone.set()
            return CommandResult(0, "")
        with self.lock:
            first, self.interrupted = not self.interrupted, True
        if first:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)  # wakes it where it waits, as Ctrl-C does
        assert self.gone.wait(DEADLINE)
        return CommandResult(137, "")


def test_an_interruption_removes_what_runs_and_starts_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Hanging()
    monkeypatch.setattr(run, "SIDE_BY_SIDE", 2)
    with pytest.raises(KeyboardInterrupt):
        verify(Engine(call), LAB)
    assert call.started
    assert call.removed >= set(call.started)
    assert len(call.started) <= 3, "two scenarios side by side, one of them with two containers"


def test_only_the_containers_of_this_run_are_removed() -> None:
    call = Recorder(ps=CommandResult(0, ""))
    Engine(call, "1f").remove_all()
    assert call.calls == [("ps", "--all", "--quiet", "--filter=label=image-matrix.verify=1f")]
