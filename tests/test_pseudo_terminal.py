from __future__ import annotations

import subprocess
import sys

import pytest

from tests.pseudo_terminal import on_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
LINES = 5000


def test_more_than_a_terminal_holds_is_shown() -> None:
    script = f"for number in range({LINES}): print('line', number)"
    code, shown = on_terminal([sys.executable, "-c", script])
    assert code == 0
    assert shown.splitlines() == [f"line {number}" for number in range(LINES)]


@pytest.mark.parametrize(("stream", "shown"), [("stdout", "out\n"), ("stderr", "err\n")])
def test_one_stream_is_a_terminal(stream: str, shown: str) -> None:
    assert on_terminal(["sh", "-c", "echo out; echo err >&2; exit 3"], [stream]) == (3, shown)


@pytest.mark.slow
@pytest.mark.parametrize(
    "script", ["echo begun; sleep 600; exit", "echo begun; exec >&- 2>&-; sleep 600; exit"]
)
def test_a_command_that_does_not_end_is_ended(script: str) -> None:
    """On a busy machine, a shell may take more than a second to write its first line."""
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        on_terminal(["sh", "-c", script], seconds=5)
    assert raised.value.output == b"begun\r\n"
