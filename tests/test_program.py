"""What other programs print is text, whatever bytes it has."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import image_matrix
from image_matrix.program import run_once

NOT_UTF8 = "import sys; sys.stdout.buffer.write(b'a\\xff'); sys.stderr.buffer.write(b'\\xe4b'); sys.exit(3)"
PACKAGE = Path(image_matrix.__file__).parent


def test_bytes_that_are_not_utf_8_are_replaced() -> None:
    ended = run_once((sys.executable, "-c", NOT_UTF8))
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "a\ufffd", "\ufffdb")


def test_a_program_runs_in_a_folder_with_an_environment(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.environ['A'], len(os.environ) < 5)"
    ended = run_once((sys.executable, "-c", code), {"A": "ä", "PYTHONUTF8": "1"}, tmp_path)
    assert ended.stdout == f"{tmp_path} ä True\n"


def test_a_program_ends_after_its_time() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_once((sys.executable, "-c", "import time; time.sleep(60)"), seconds=0.1)


def faults(text: str) -> list[int]:
    """Return the lines that read what a program prints in a way that ends at a byte which is not UTF-8."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if is_strict(call)]


def is_strict(call: ast.Call) -> bool:
    words = {word.arg: ast.unparse(word.value) for word in call.keywords}
    called = ast.unparse(call.func)
    if called.startswith("subprocess."):
        return bool(words.keys() & {"text", "encoding", "universal_newlines"}) and "errors" not in words
    of_program = called.endswith((".stdout.decode", ".stderr.decode"))
    return of_program and len(call.args) < 2 and "errors" not in words


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        ("subprocess.run(a, text=True)", True),
        ("subprocess.Popen(a, encoding='utf-8')", True),
        ("subprocess.run(a, text=True, errors='replace')", False),
        ("subprocess.run(a, capture_output=True)", False),
        ("ended.stdout.decode()", True),
        ("git(a).stderr.decode('utf-8').strip()", True),
        ("ended.stdout.decode(errors='replace')", False),
        ("ended.stdout.decode('utf-8', 'replace')", False),
        ("content.decode()", False),
    ],
)
def test_what_counts_as_strict(text: str, strict: bool) -> None:
    assert bool(faults(text)) == strict


def test_no_byte_of_another_program_is_a_bug_of_this_one() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    runs = [path for path, text in texts.items() if "subprocess." in text]
    assert len(runs) > 10
    assert {
        str(path.relative_to(PACKAGE)): found for path, text in texts.items() if (found := faults(text))
    } == {}
