"""The home volume against the image's template, over several starts."""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

pytestmark = pytest.mark.slow

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


def digest(path: Path) -> str:
    """What older starts recorded for a file, whatever its mode."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


RECORD = ".local/state/image-matrix/home.json"
NOBODY = 65534


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder that an unprivileged user may write to; root hands it over, so that folders in it may be foreign."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "home").mkdir()
        if os.geteuid() == 0:
            os.chown(folder / "home", NOBODY, NOBODY)
        yield folder
        for path in folder.rglob("*"):
            if path.is_dir():
                path.chmod(0o755)


def start_unprivileged(folder: Path) -> str:
    """A start that has to respect modes, even where tests run as root; what it says."""
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    script = folder / "home_sync.py"
    script.write_text(SCRIPT.read_text())
    python = "/usr/bin/python3" if user else sys.executable
    done = subprocess.run(
        [python, "-I", str(script), str(folder / "template"), str(folder / "home")],
        capture_output=True, text=True, check=True, **user,
    )  # type: ignore[call-overload]  # fmt: skip
    return str(done.stderr)


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
    (home / RECORD).unlink()
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
    (home / RECORD).write_text(text)
    start(template, home)
    assert (home / ".bashrc").read_text() == "edited"
    assert json.loads((home / RECORD).read_text())["marker"]


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


def test_an_executable_bit_of_the_template_arrives_and_goes(template: Path, home: Path) -> None:
    start(template, home)
    (template / "a/b/file").chmod(0o755)
    start(template, home)
    assert (home / "a/b/file").stat().st_mode & 0o777 == 0o775
    (template / "a/b/file").chmod(0o644)
    start(template, home)
    assert (home / "a/b/file").stat().st_mode & 0o777 == 0o664


def test_what_its_user_made_private_stays_private_when_the_template_changes(
    template: Path, home: Path
) -> None:
    start(template, home)
    (home / ".bashrc").chmod(0o600)
    (home / "a/b/file").chmod(0o640)
    (template / ".bashrc").write_text("rc 2")
    (template / "a/b/file").chmod(0o755)
    start(template, home)
    assert (home / ".bashrc").read_text() == "rc 2"
    assert (home / ".bashrc").stat().st_mode & 0o777 == 0o600
    assert (home / "a/b/file").stat().st_mode & 0o777 == 0o750


def test_a_script_that_its_user_switched_off_stays_off(template: Path, home: Path) -> None:
    (template / "a/b/file").chmod(0o755)
    start(template, home)
    (home / "a/b/file").chmod(0o644)
    (template / "a/b/file").write_text("two")
    assert "1 paths" in start(template, home)
    assert (home / "a/b/file").read_text() == "two"
    assert (home / "a/b/file").stat().st_mode & 0o777 == 0o644


def test_a_volume_on_which_everything_is_executable_follows_the_template(template: Path, home: Path) -> None:
    """As SMB shares are mounted: a mode is no edit."""
    start(template, home)
    (home / ".bashrc").chmod(0o777)
    (template / "new").write_text("new")
    assert "1 paths" in start(template, home)
    (template / ".bashrc").write_text("rc 2")
    start(template, home)
    assert (home / ".bashrc").read_text() == "rc 2"


def test_a_record_from_before_modes_takes_nothing_for_an_edit(template: Path, home: Path) -> None:
    (template / "a/b/file").chmod(0o755)
    start(template, home)
    record = home / RECORD
    paths = (".bashrc", "a/b/file")
    record.write_text(
        json.dumps({"marker": "older", "written": {path: digest(home / path) for path in paths}})
    )
    for path in paths:
        (template / path).write_text("two")
    start(template, home)
    assert [(home / path).read_text() for path in paths] == ["two", "two"]
    assert (home / "a/b/file").stat().st_mode & 0o777 == 0o775


def test_first_starts_at_the_same_time_complete_each_other(template: Path, home: Path) -> None:
    for number in range(150):
        (template / f"f{number}").write_text("x" * 2000)
    command = [sys.executable, "-I", str(SCRIPT), str(template), str(home)]
    for _ in range(2):
        peers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        said = [peer.communicate()[1] for peer in peers]
        assert [peer.returncode for peer in peers] == [0, 0, 0, 0], said
        assert "warning" not in "".join(said)
        assert len([path for path in home.glob("f*") if path.read_text() == "x" * 2000]) == 150
        assert not list(home.rglob("*partial*"))
        written = json.loads((home / RECORD).read_text())["written"]
        assert len(written) == 156
        subprocess.run(["find", str(home), "-mindepth", "1", "-delete"], check=True)


def test_half_files_of_interrupted_starts_are_removed_but_not_those_of_a_start_at_work(
    template: Path, home: Path
) -> None:
    """The first start was interrupted; a later one removes what may have been at work then, once it is old, too."""
    start(template, home)
    (home / RECORD).unlink()
    folders = (home, home / "a/b", (home / RECORD).parent)
    for folder in folders:
        for name, age in (("old", 7200), ("new", 60)):
            half = folder / f".image-matrix-partial-{name}"
            half.write_text("half")
            os.utime(half, (half.stat().st_mtime - age,) * 2)
    for _ in range(2):
        start(template, home)
        assert {path.name for path in home.rglob(".image-matrix-partial-*")} == {".image-matrix-partial-new"}
    for folder in folders:
        half = folder / ".image-matrix-partial-new"
        os.utime(half, (half.stat().st_mtime - 7200,) * 2)
    start(template, home)
    assert not list(home.rglob(".image-matrix-partial-*"))
    assert "unswept" not in (home / RECORD).read_text()


def test_a_dangling_link_keeps_nobody_out(template: Path, home: Path) -> None:
    (home / ".local").symlink_to(home / "scratch")
    for _ in range(2):
        said = start(template, home)
        assert f"warning: {home / RECORD} can't be brought up" in said
        assert f"{home}/.local is a link to {home}/scratch, which is not there" in said
    assert (home / ".bashrc").read_text() == "rc 1"
    (home / "scratch").mkdir()
    assert start(template, home) == ""
    assert start(template, home) == ""


def test_a_file_in_a_folder_s_place_keeps_nobody_out(template: Path, home: Path) -> None:
    (home / ".local").write_text("mine")
    assert f"{home}/.local is no folder" in start(template, home)
    assert (home / "a/b/file").read_text() == "one"


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o555])
def test_a_foreign_folder_keeps_nobody_out(foreign: Path, mode: int) -> None:
    template, home = foreign / "template", foreign / "home"
    for name in (".config/app/settings", ".config/more", ".bashrc"):
        (template / name).parent.mkdir(parents=True, exist_ok=True)
        (template / name).write_text("x")
    (home / ".config").mkdir()
    (home / ".config").chmod(mode if os.geteuid() == 0 else 0o555)
    said = start_unprivileged(foreign)
    assert f"warning: {home}/.config/app and " in said
    assert f"{home}/.config belongs to {os.geteuid()}:{os.getegid()} with mode" in said
    assert (home / ".bashrc").read_text() == "x"
    (home / ".config").chmod(0o777)
    assert "warning" not in start_unprivileged(foreign)
    assert (home / ".config/app/settings").read_text() == "x"


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


def power_cut(home: Path, before: set[int], flushed: set[int]) -> None:
    """Do what a power cut may do to new files whose bytes were not flushed: their names are there, and no content."""
    for path in home.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_ino not in before | flushed:
            path.write_bytes(b"")


def test_after_a_power_cut_files_still_follow_the_template(
    template: Path, home: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file would count as edited, and without its record every file as the user's."""
    start(template, home)
    (home / "a/b/file").unlink()
    before = {path.lstat().st_ino for path in home.rglob("*")}
    flushed: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.add(os.fstat(descriptor).st_ino))
    (template / ".bashrc").write_text("rc 2")
    assert module.main(template, home) == 0
    power_cut(home, before, flushed)
    assert (home / ".bashrc").read_text() == "rc 2"
    (template / ".bashrc").write_text("rc 3")
    start(template, home)
    assert (home / ".bashrc").read_text() == "rc 3"
    assert not (home / "a/b/file").exists(), "deleted by the user"


def test_files_are_in_their_places_on_the_disk_before_the_record_says_so(
    template: Path, home: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Path] = []
    replace = Path.replace

    def renamed(path: Path, target: Path) -> Path:
        steps.append(target.relative_to(home))
        return replace(path, target)

    def flushed(descriptor: int) -> None:
        if os.path.isdir(descriptor):  # noqa: PTH112 - a descriptor
            steps.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).relative_to(home))  # noqa: PTH115

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(Path, "replace", renamed)
    assert module.main(template, home) == 0
    record = steps.index(Path(RECORD))
    for file in (".bashrc", "link", "a/b/file"):
        assert steps.index(Path(file)) < steps.index(Path(file).parent) < record
    assert steps[record + 1 :] == [Path(RECORD).parent]


@pytest.mark.parametrize(("number", "code"), [(errno.EINVAL, 0), (errno.ENOSPC, 73)])
def test_a_disk_that_fails_when_it_flushes(
    template: Path, home: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    """A file system that cannot flush says EINVAL. One that is full may say so only then: nothing is replaced."""

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    assert module.main(template, home) == code
    assert (home / ".bashrc").exists() is (code == 0)
    assert not [path for path in home.rglob("*") if path.name.startswith(module.PARTIAL)]
