"""What `make demo` prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cluster.demo import FAILED, MISSING, Teller
from tests.cluster.story import INDENT, WIDTH, Story, told
from tests.cluster.test_loop import ADDED, NOTEBOOKS, edit
from tests.e2e.act import install_generator
from tests.e2e.support import HOME

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_said_stands_in_a_column_of_its_own() -> None:
    lines = told("  1.5 s", f"  job {'of many words ' * 12}").splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[0].startswith(f"{'  1.5 s':{INDENT}}  job of")
    assert {line[: INDENT + 2] for line in lines[1:]} == {" " * (INDENT + 2)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[Images/Plan] 🏁  Job succeeded\n", "job Plan"),
        ("[Images/Release                       ] 🏁  Job succeeded\n", "job Release"),
        (
            "[Images/Build lab:python3.13 (amd64)-1] 🏁  Job failed\n",
            "job Build lab:python3.13 (amd64): failed",
        ),
        ("[Images/Plan]   | Job succeeded\n", ""),
    ],
)
def test_the_end_of_a_job_is_heard(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Story().hear(line)
    assert capsys.readouterr().out.partition(" s ")[2].strip() == said


DETAILS = """\
tests/cluster/test_loop.py:120: in test_the_merge
    outcome = team.push()
E   AssertionError: a run of the workflow failed in: Build data:python3.13 (amd64)
E     its log: /tmp/run-4.log
E   assert 1 == 0
"""


def test_a_failed_step_says_why_and_where_the_rest_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    teller = Teller()
    teller.fail("the merge becomes a choice", DETAILS)
    assert teller.code == FAILED
    assert capsys.readouterr().out.splitlines() == [
        "FAILED     the merge becomes a choice",
        "           a run of the workflow failed in: Build data:python3.13 (amd64)",
        "           its log: /tmp/run-4.log",
        "           details: build/demo.log",
    ]
    teller.fail("the merge becomes a choice", "E   TimeoutError: the cluster does not answer\n")
    kept = (tmp_path / "build" / "demo.log").read_text(encoding="utf-8")
    assert kept.startswith(DETAILS), "what is left of it afterwards may fail, too"
    assert "the cluster does not answer" in kept


def test_a_failure_without_lines_of_python_says_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Teller().fail("the first release", "uv cannot build the wheel: refused\nerror: and so on\n")
    assert capsys.readouterr().out.splitlines()[1] == "           uv cannot build the wheel: refused"


def test_without_an_index_uv_s_own_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(pytest.fail.Exception) as raised:
        install_generator(tmp_path)
    assert re.match(
        "uv cannot build the wheel of this checkout, for which it needs packages of its index: "
        "Because .* not found in the cache",
        str(raised.value),
    )
    assert not raised.value.pytrace


STEP = "import pytest\n@pytest.mark.cluster\ndef test_it_is_built() -> None: "


@pytest.mark.parametrize(
    ("step", "last"),
    [
        ("print()", r"Everything held\. It took \d+ s, clearing up included\."),
        ("raise AssertionError('no engine')", r"Failed after \d+ s: it is built"),
        ("pytest.skip('no cluster')", "missing: no cluster"),
    ],
)
def test_the_last_line_says_what_came_of_it(tmp_path: Path, step: str, last: str) -> None:
    (tmp_path / "test_steps.py").write_text(f"{STEP}{step}\n", encoding="utf-8")
    script = "import pathlib, sys; from tests.cluster import demo; demo.LOOP = pathlib.Path(sys.argv[1])"
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = cluster\n", encoding="utf-8")
    command = [sys.executable, "-c", f"{script}; sys.exit(demo.main())", str(tmp_path / "test_steps.py")]
    environment = {**os.environ, "PYTHONPATH": str(HOME)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert re.fullmatch(last, done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_the_demo_shows_the_section_of_each_line_that_is_added(tmp_path: Path) -> None:
    shutil.copy(NOTEBOOKS / "matrix.yaml", tmp_path)
    image, profile = ADDED.values()
    assert edit(tmp_path / "matrix.yaml") == [" images:", f"+{image}", " profiles:", f"+{profile}"]


def test_what_is_missing_is_said_once_with_the_command_that_starts_it() -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("IMAGE_MATRIX_TEST")
    }
    command = [sys.executable, "-m", "tests.cluster.demo"]
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True)
    assert done.returncode == MISSING, done.stdout + done.stderr
    assert done.stdout.count("missing: ") == 1
    assert '`eval "$(.ci/cluster up)"` starts one' in done.stdout
    assert done.stderr == ""
