from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.verify.closed_network import INDEX, arrived
from image_matrix.verify.in_container import settings_probe
from image_matrix.verify.in_container.settings_probe import FILES, TEXTS

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {**dict.fromkeys(FILES, 280), **dict.fromkeys(TEXTS, INDEX)}


def test_everything_arrived() -> None:
    assert arrived({"shell": GOOD, "kernel": GOOD}, 140) == ""


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        ({**GOOD, "SSL_CERT_FILE": 140}, "without SSL_CERT_FILE of the place that runs the container"),
        ({**GOOD, "PIP_INDEX_URL": ""}, "without PIP_INDEX_URL of the place that runs the container"),
        ({"error": "nothing runs after 60 s"}, "nothing runs after 60 s"),
    ],
)
def test_what_is_missing_is_named_with_its_place(seen: dict[str, Any], problem: str) -> None:
    assert arrived({"shell": GOOD, "kernel": seen}, 140) == f"kernel: {problem}"


def test_an_environment_is_answered_with_numbers_of_certificates(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text(2 * "-----BEGIN CERTIFICATE-----\n")
    environ = f"SSL_CERT_FILE={tmp_path}/ca\0CURL_CA_BUNDLE=/gone\0PIP_INDEX_URL=https://a/?b=c\0".encode()
    seen = settings_probe.seen(environ)
    assert (seen["SSL_CERT_FILE"], seen["CURL_CA_BUNDLE"], seen["REQUESTS_CA_BUNDLE"]) == (2, 0, 0)
    assert (seen["PIP_INDEX_URL"], seen["UV_DEFAULT_INDEX"]) == ("https://a/?b=c", "")


def test_a_process_is_found_by_its_command_line() -> None:
    with subprocess.Popen(["sleep", "61.125"], env={"PATH": os.environ["PATH"], "MARK": "x"}) as process:
        found = settings_probe.wait(lambda: settings_probe.running("sleep 61.125"))
        environ = settings_probe.environment(process.pid)
        process.kill()
    assert found["PIP_INDEX_URL"] == ""
    assert b"MARK=x\0" in environ


def test_a_shell_that_was_not_there_before_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(
        ["bash", "-c", "read -r line"], stdin=subprocess.PIPE, env={"MARK": "y"}
    ) as process:
        running = {1: "bash /init", process.pid: "/bin/bash -l", process.pid + 1: "/usr/bin/other"}
        monkeypatch.setattr(settings_probe, "processes", lambda: running)
        seen = settings_probe.wait(lambda: settings_probe.fresh({1}))
        assert b"MARK=y\0" in settings_probe.fresh({1})
        assert settings_probe.fresh({1, process.pid}) == b""
        process.kill()
    assert seen.keys() == {*FILES, *TEXTS, "differs"}


def test_what_never_runs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_probe, "DEADLINE", 0.0)
    assert settings_probe.wait(lambda: b"") == {"error": "nothing runs after 0 s"}
