"""What the culler is told about an IDE, asked over a real Unix socket."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parents[2] / "templates/rootfs/base/usr/local/lib/image-matrix/activity.py"
DEADLINE = 20.0


def ask(path: Path) -> dict[str, Any]:
    """The one kernel of the answer; waits until somebody listens."""
    deadline = time.monotonic() + DEADLINE
    while True:
        connection = http.client.HTTPConnection("localhost", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.sock.connect(str(path))
            connection.request("GET", "/api/kernels")
            [kernel] = json.load(connection.getresponse())
            return dict(kernel)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > deadline:
                raise
        finally:
            connection.close()


@contextmanager
def serving(path: Path, *options: str, script: Path = SCRIPT) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-I", str(script), str(path), "ide", *options])
    try:
        yield
    finally:
        process.terminate()
        process.wait(DEADLINE)


def import_script() -> Any:
    spec = importlib.util.spec_from_file_location("activity", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def moment(kernel: dict[str, Any]) -> float:
    return datetime.fromisoformat(kernel["last_activity"]).timestamp()


def test_without_use_the_start_is_the_last_activity(tmp_path: Path) -> None:
    before = time.time()
    with serving(
        tmp_path / "s", "--access-log", str(tmp_path / "log"), "--heartbeat", str(tmp_path / "none")
    ):
        first, second = ask(tmp_path / "s"), ask(tmp_path / "s")
    assert first == second
    assert before - 1 < moment(first) < time.time()
    assert first["execution_state"] == "idle"


def test_the_access_log_moves_it_but_an_empty_one_does_not(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    later = time.time() + 1000
    os.utime(log, (later, later))
    with serving(tmp_path / "s", "--access-log", str(log)):
        assert moment(ask(tmp_path / "s")) < later - 1
        log.write_text("1\n")
        os.utime(log, (later, later))
        assert abs(moment(ask(tmp_path / "s")) - later) < 0.01


LOOP = "while :; do :; done"
IN_A_TERMINAL = f"sh -c '{LOOP}' & trap 'kill $!; exit' TERM; wait"


@pytest.mark.slow
@pytest.mark.parametrize("work", [LOOP, IN_A_TERMINAL], ids=["itself", "what-it-started"])
@pytest.mark.parametrize("option", ["--busy", "--busy-below"])
def test_a_computing_process_is_busy(tmp_path: Path, work: str, option: str) -> None:
    """A thousandth of a CPU is busy here: on a machine that is busy itself nobody knows who gets a tenth."""
    link, file, script = tmp_path / "rsession-test", tmp_path / "pid", tmp_path / "activity.py"
    link.symlink_to("/bin/sh")
    text = SCRIPT.read_text()
    assert text.count("BUSY_SHARE = 0.1 ") == 1
    script.write_text(text.replace("BUSY_SHARE = 0.1 ", "BUSY_SHARE = 0.001 "))
    with (
        serving(tmp_path / "s", option, link.name if option == "--busy" else str(file), script=script),
        subprocess.Popen([str(link), "-c", work]) as burner,
    ):
        file.write_text(f"{burner.pid}\n")
        deadline = time.monotonic() + DEADLINE
        states = set[str]()
        while "busy" not in states and time.monotonic() < deadline:
            states.add(ask(tmp_path / "s")["execution_state"])
        burner.terminate()
    assert "busy" in states


@pytest.mark.parametrize(
    ("used", "busy"), [(0.0, False), (0.1, False), (0.3, False), (0.31, True), (9.0, True)]
)
def test_a_tenth_of_a_cpu_is_busy(monkeypatch: pytest.MonkeyPatch, used: float, busy: bool) -> None:
    """CPU time in a window of three seconds."""
    module = import_script()
    monkeypatch.setattr(module, "cpu_seconds", lambda _: 100 + used)
    meter = module.Meter(roots=None, since=50.0, used=100.0)
    assert meter.read(50.9) is False  # the window is not over yet
    assert meter.read(53.0) is busy


@pytest.mark.slow
@pytest.mark.parametrize("text", [None, "", "no number", "999999999"])
def test_without_a_process_in_the_file_nothing_is_busy(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "pid"
    if text is not None:
        file.write_text(text)
    with serving(tmp_path / "s", "--busy-below", str(file)):
        until = time.monotonic() + 2
        while time.monotonic() < until:
            assert ask(tmp_path / "s")["execution_state"] == "idle"


@pytest.mark.slow
def test_a_process_that_only_waits_is_idle(tmp_path: Path) -> None:
    """Nor does it count what others compute."""
    link = tmp_path / "rsession-test"
    link.symlink_to("/bin/sh")
    with (
        subprocess.Popen([str(link), "-c", "sleep 60 & trap 'kill $!; exit' TERM; wait"]) as waiting,
        subprocess.Popen(["/bin/sh", "-c", LOOP]) as other,
        serving(tmp_path / "s", "--busy", "rsession-test"),
    ):
        until = time.monotonic() + 3
        states = set[str]()
        while time.monotonic() < until:
            states.add(ask(tmp_path / "s")["execution_state"])
        waiting.terminate()
        other.kill()
    assert states == {"idle"}
