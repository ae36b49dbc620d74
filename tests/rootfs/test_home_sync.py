"""The home volume against the image's template, over several starts."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "templates/rootfs/base/usr/local/lib/image-matrix/home_sync.py"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    (folder / "a/b").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "a/b/file").write_text("one")
    (folder / ".bashrc").write_text("rc 1")
    (folder / "link").symlink_to("a/b/file")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, for what needs a failing disk."""
    spec = importlib.util.spec_from_file_location("home_sync", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "home_sync", loaded)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(loaded)
    return loaded


def start(template: Path, home: Path) -> str:
    """One start of a container; what it says."""
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(template), str(home)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def test_an_empty_volume_gets_everything(template: Path, home: Path) -> None:
    assert "6 paths" in start(template, home)
    assert (home / "a/b/file").read_text() == "one"
    assert (home / "empty").is_dir()
    assert (home / "link").readlink() == Path("a/b/file")


def test_the_second_start_writes_nothing(template: Path, home: Path) -> None:
    start(template, home)
    before = {path: path.lstat().st_mtime_ns for path in home.rglob("*")}
    assert start(template, home) == ""
    assert {path: path.lstat().st_mtime_ns for path in home.rglob("*")} == before


def test_a_file_that_was_there_first_stays(template: Path, home: Path) -> None:
    (home / ".bashrc").write_text("mine")
    start(template, home)
    (template / ".bashrc").write_text("rc 2")
    start(template, home)
    assert (home / ".bashrc").read_text() == "mine"


def test_an_untouched_file_follows_the_template(template: Path, home: Path) -> None:
    start(template, home)
    (template / ".bashrc").write_text("rc 2")
    start(template, home)
    assert (home / ".bashrc").read_text() == "rc 2"
    (template / ".bashrc").write_text("rc 3")
    start(template, home)
    assert (home / ".bashrc").read_text() == "rc 3"


def test_an_edited_file_stays_however_often_the_template_changes(template: Path, home: Path) -> None:
    start(template, home)
    (home / ".bashrc").write_text("edited")
    for text in ("rc 2", "rc 3"):
        (template / ".bashrc").write_text(text)
        start(template, home)
        assert (home / ".bashrc").read_text() == "edited"


def test_a_deleted_file_is_not_resurrected(template: Path, home: Path) -> None:
    start(template, home)
    (home / "a/b/file").unlink()
    for text in ("two", "three"):
        (template / "a/b/file").write_text(text)
        start(template, home)
        assert not (home / "a/b/file").exists()


def test_a_deleted_folder_stays_deleted_even_when_the_template_adds_to_it(template: Path, home: Path) -> None:
    start(template, home)
    (home / "a/b/file").unlink()
    (home / "a/b").rmdir()
    (template / "a/b/new").write_text("new")
    start(template, home)
    assert not (home / "a/b").exists()


def test_a_new_file_of_the_template_arrives(template: Path, home: Path) -> None:
    start(template, home)
    (template / "new").write_text("new")
    start(template, home)
    assert (home / "new").read_text() == "new"


def test_what_the_user_replaced_by_another_kind_stays(template: Path, home: Path) -> None:
    start(template, home)
    (home / ".bashrc").unlink()
    (home / ".bashrc").mkdir()
    (home / "link").unlink()
    (home / "link").write_text("a file now")
    (template / ".bashrc").write_text("rc 2")
    start(template, home)
    assert (home / ".bashrc").is_dir()
    assert (home / "link").read_text() == "a file now"


def test_an_interrupted_first_start_is_completed(template: Path, home: Path) -> None:
    start(template, home)
    (home / ".local/state/image-matrix/home.json").unlink()
    (home / "link").unlink()
    start(template, home)
    assert (home / "link").is_symlink()
    (template / ".bashrc").write_text("rc 2")
    start(template, home)
    assert (home / ".bashrc").read_text() == "rc 2"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"marker": 1}', '{"marker": "x", "written": []}'])
def test_a_broken_record_overwrites_nothing(template: Path, home: Path, text: str) -> None:
    start(template, home)
    (home / ".bashrc").write_text("edited")
    (home / ".local/state/image-matrix/home.json").write_text(text)
    start(template, home)
    assert (home / ".bashrc").read_text() == "edited"
    assert json.loads((home / ".local/state/image-matrix/home.json").read_text())["marker"]


def test_the_group_gets_the_users_rights_but_private_stays_private(template: Path, home: Path) -> None:
    (template / ".bashrc").chmod(0o644)
    (template / "secret").write_text("s")
    (template / "secret").chmod(0o600)
    start(template, home)
    assert (home / ".bashrc").stat().st_mode & 0o777 == 0o664
    assert (home / "secret").stat().st_mode & 0o777 == 0o600


def test_a_private_folder_stays_private_and_keeps_the_volume_s_group(template: Path, home: Path) -> None:
    home.chmod(0o2775)
    for name in (".ssh", "shared"):
        (template / name).mkdir()
    (template / ".ssh").chmod(0o700)
    start(template, home)
    assert (home / ".ssh").stat().st_mode & 0o7777 == 0o2700
    assert (home / "shared").stat().st_mode & 0o7777 == 0o2775


def test_a_missing_template_is_an_empty_one(tmp_path: Path, home: Path) -> None:
    assert start(tmp_path / "none", home) == ""


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        ("ENOSPC", 73, "is full"),
        ("EDQUOT", 73, "is full"),
        ("EACCES", 77, "is not writable"),
        ("EROFS", 77, "read-only"),
    ],
)
def test_a_home_that_cannot_be_written_stops_with_a_clear_line(
    module: ModuleType, template: Path, home: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, number: str, code: int, words: str,
) -> None:  # fmt: skip
    def refuse(_: Path) -> None:
        raise OSError(getattr(module.errno, number), "no")

    monkeypatch.setattr(module, "try_writing", refuse)
    assert module.main(template, home) == code
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_a_full_home_that_was_prepared_before_may_be_entered_to_clean_up(
    module: ModuleType,
    template: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start(template, home)

    def refuse(_: Path) -> None:
        raise OSError(module.errno.ENOSPC, "no")

    monkeypatch.setattr(module, "try_writing", refuse)
    assert module.main(template, home) == 0
    assert "warning" in capsys.readouterr().err
