"""The end of a message about a script that failed: what its exit code means."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

LIB = Path(__file__).parents[2] / "templates/rootfs/base/usr/local/lib/image-matrix"


def why(code: int, script: Path) -> str:
    command = ["sh", str(LIB / "why"), str(code), str(script)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("#!/bin/sh\n", 0o644, " (it may not be executed: chmod +x, defaultMode 0755 of a ConfigMap"),
        ("#!/bin/sh\r\nexit 0\r\n", 0o755, " (its lines end as on Windows"),
        (
            "#!/no/such/shell -e\n",
            0o755,
            " (its first line names /no/such/shell, which is not in this image)",
        ),
        ("#! /no/such/shell\n", 0o755, " (its first line names /no/such/shell, which is not in this image)"),
        ("#!/bin/sh\nno-such-command\n", 0o755, ""),
        ("#!/bin/sh\nexit 3\n", 0o755, ""),
    ],
)
def test_a_script_that_cannot_run_is_told_from_one_that_fails(
    tmp_path: Path, text: str, mode: int, said: str
) -> None:
    """The code is that of a real shell that runs it."""
    script = tmp_path / "script"
    script.write_text(text, newline="")
    script.chmod(mode)
    code = subprocess.run(["sh", "-c", f"exec {script}"], capture_output=True, check=False).returncode
    assert why(code, script).startswith(said)
    assert bool(why(code, script)) is bool(said)


@pytest.mark.parametrize(
    ("code", "said"), [(137, "memory limit"), (139, "crashed"), (69, "port 8888"), (1, ""), (143, "")]
)
def test_a_code_that_says_why_by_itself(tmp_path: Path, code: int, said: str) -> None:
    found = why(code, tmp_path / "none")
    assert said in found
    assert bool(found) is bool(said)


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")])  # noqa: S104
def test_a_port_is_taken_while_somebody_listens(family: socket.AddressFamily, address: str) -> None:
    with socket.create_server((address, 0), family=family) as server:
        port = str(server.getsockname()[1])
        assert subprocess.run([str(LIB / "port-taken"), port], check=False).returncode == 0
    assert subprocess.run([str(LIB / "port-taken"), port], check=False).returncode == 1
