"""``lock`` with steps that nothing locks: their day in the lock, in keys, and in what is printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock import text as texts

if TYPE_CHECKING:
    from tests.lock.site import Repository

pytestmark = pytest.mark.slow

IMAGES = """\
  other:
    from: base
    pip: [epsilon]
  dated: {from: other, scripts: [set-up.sh], refresh_days: 30}
  undated: {from: other, scripts: [set-up.sh]}
"""


@pytest.fixture
def dated(repository: Repository) -> Repository:
    (repository.folder / "set-up.sh").write_text("#!/bin/sh\ntrue\n")
    (repository.folder / "set-up.sh").chmod(0o755)
    repository.change("  other:\n    from: base\n    pip: [epsilon]\n", IMAGES)
    return repository


def test_a_day_moves_when_its_time_is_over_and_says_so(
    dated: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dated.run("lock") == 0
    said = capsys.readouterr().out
    assert re.search(
        r"^image dated: refreshed 20\d\d-\d\d-\d\d \(new\) \(every 30 days\)$", said, re.MULTILINE
    )
    assert "undated" not in said
    today = texts.read(dated.lock).refreshed["dated:python3.13"]
    assert dated.run("render") == 0
    capsys.readouterr()
    assert dated.run("check", "--locked") == 0
    note = "note: nothing locks what is fetched by the scripts of undated; `refresh_days` at the image has it run again"
    assert note in capsys.readouterr().err

    old = dated.lock.replace(today, "2026-01-31")
    for arguments in ((), ("--upgrade", "zeta")):
        (dated.folder / texts.FILE).write_text(old)
        assert dated.run("lock", *arguments) == 0
        assert dated.lock == old
    capsys.readouterr()
    assert dated.run("lock", "--upgrade") == 0
    assert f"image dated: refreshed 2026-01-31 → {today} (every 30 days)\n" in capsys.readouterr().out

    (dated.folder / texts.FILE).write_text(dated.lock.replace(today, "2026-01-31"))
    assert dated.run("lock", "--upgrade", "dated:python3.11") == 0
    assert f"image dated:python3.11: refreshed 2026-01-31 → {today}" in capsys.readouterr().out
    assert dated.run("why", "dated:python3.13") == 0
    assert re.search(r"lock: refreshed: 2026-01-31", capsys.readouterr().out)


def test_without_its_day_it_is_not_locked(dated: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    assert dated.run("lock") == 0
    text = dated.lock
    section = text[text.index("refreshed:\n") : text.index("python:\n")]
    (dated.folder / texts.FILE).write_text(text.replace(section, ""))
    assert dated.run("render") == 0
    capsys.readouterr()
    assert dated.run("check", "--locked") == 1
    assert "error[IM605]: the day of the scripts of dated: not locked" in capsys.readouterr().err
    assert dated.run("lock") == 0
    assert dated.lock == text
