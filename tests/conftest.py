from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# a busy machine is no failure
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
settings.register_profile("quick", settings.get_profile("patient"), max_examples=10)
# CI tries the same examples for the same commit, so that a red run is about that commit; all others search further
settings.register_profile("repeatable", settings.get_profile("patient"), derandomize=True)

# a shell that starts tests in the background has them ignore Ctrl-C, nohup has them ignore the end of the terminal, and
# whatever they start as well
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal or a CI run sets must not change what commands print here."""
    for name in ("GITHUB_ACTIONS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def registry() -> str:
    """The registry that tests push to."""
    name = os.environ.get("IMAGE_MATRIX_TEST_REGISTRY", "")
    if not name:
        pytest.skip('IMAGE_MATRIX_TEST_REGISTRY names no registry (`eval "$(.ci/engine up)"` starts one)')
    return name


OF_SUBPROCESS = 0.05
"""The longest step, in seconds, in which :mod:`subprocess` waits for a program that may take only so long."""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that a command waits between tries, which nobody waits here."""
    seconds: list[float] = []
    sleep = time.sleep
    monkeypatch.setattr(
        time, "sleep", lambda given: seconds.append(given) if given > OF_SUBPROCESS else sleep(given)
    )
    return seconds


@pytest.fixture
def everybodys() -> Iterator[Path]:
    """A folder that every user may enter; above pytest's own are some that others may not."""
    folder = Path(tempfile.mkdtemp(prefix="image-matrix-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a failed end-to-end test once more: networks, engines and browsers fail now and then, and it is reported."""
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests were run once more; pytest names them, and their second try passes without a word of the first."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"first try of {report.nodeid}")
        terminalreporter.write_line(report.longreprtext[-6000:])
