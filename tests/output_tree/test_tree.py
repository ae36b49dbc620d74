"""Laws of the tree: what is applied is in sync, what is not ours stays, what was cut off is repaired."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.errors import EnvironmentFailure
from image_matrix.output_tree import atomic, tree
from image_matrix.output_tree.files import File
from image_matrix.output_tree.manifest import MANIFEST
from tests.full_disk import fill, largest_file, small_disk
from tests.laws import examples
from tests.privileges import without_privileges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from image_matrix.output_tree.atomic import Staged

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - folders in it, with names of their own
"""Where thousands of files cost no disk its time."""
PATHS = ["a", "a/b", "a/c/d", "a/c/e", "f", "f/g", "images/x/Dockerfile", "images/y/Dockerfile"]


def _no_file_is_a_folder(found: dict[str, File]) -> bool:
    return not any(other.startswith(f"{path}/") for path in found for other in found)


FILES = st.builds(File, st.sampled_from([b"", b"one\n", b"two\n", b"\0\xff"]), st.booleans())
RENDERINGS = st.dictionaries(st.sampled_from(PATHS), FILES).filter(_no_file_is_a_folder)


def on_disk(root: Path) -> dict[str, File]:
    return {
        path.relative_to(root).as_posix(): File(path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in root.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def contents(root: Path) -> dict[str, bytes | None]:
    """All that a folder holds, whose it may be."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


def folders(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_dir()]


class CutOffError(Exception):
    """What a crash between two writes looks like from here."""


def cut_off_after(patch: pytest.MonkeyPatch, steps: int) -> None:
    """Crash after so many files were written, put in their place, or removed."""
    left = [steps]

    def cut(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            if not left[0]:
                raise CutOffError
            left[0] -= 1
            return real(*arguments)

        return step

    patch.setattr(atomic, "stage", cut(atomic.stage))
    patch.setattr(tree, "put", cut(atomic.put))
    patch.setattr(tree, "_remove", cut(tree._remove))


@pytest.fixture(autouse=True, scope="module")
def _no_power_failure() -> Iterator[None]:
    """Flushing costs some milliseconds each time, and what is cut off here is no power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@given(st.lists(RENDERINGS, min_size=1, max_size=4))
def test_after_applying_the_disk_is_the_rendering(renderings: list[dict[str, File]]) -> None:
    with tempfile.TemporaryDirectory(dir=FAST) as name:
        root = Path(name)
        for rendered in renderings:
            difference = tree.compare(root, rendered)
            assert difference.edited == ()
            tree.apply(root, difference)
            assert on_disk(root) == rendered
            assert tree.compare(root, rendered).changes == ()
            assert all(any(folder.iterdir()) for folder in folders(root))


@given(RENDERINGS)
def test_nothing_is_written_twice(rendered: dict[str, File]) -> None:
    with tempfile.TemporaryDirectory(dir=FAST) as name:
        root = Path(name)
        tree.apply(root, tree.compare(root, rendered))
        before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
        tree.apply(root, tree.compare(root, rendered))
        assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*")}


@settings(max_examples=examples(20))
@given(RENDERINGS, RENDERINGS, RENDERINGS)
def test_what_was_cut_off_is_repaired(
    first: dict[str, File], second: dict[str, File], third: dict[str, File]
) -> None:
    """After every possible number of steps, with the same matrix and with another one."""
    for steps in range(2 * (len(second) + 2) + len(first)):
        for afterwards in (second, third):
            with tempfile.TemporaryDirectory(dir=FAST) as name, pytest.MonkeyPatch.context() as patch:
                root = Path(name)
                tree.apply(root, tree.compare(root, first))
                cut_off_after(patch, steps)
                with suppress(CutOffError):
                    tree.apply(root, tree.compare(root, second))
                patch.undo()
                difference = tree.compare(root, afterwards)
                assert difference.edited == ()
                tree.apply(root, difference)
                assert on_disk(root) == afterwards
                assert tree.compare(root, afterwards).changes == ()


def test_a_file_that_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / "images" / "x").mkdir(parents=True)
    (tmp_path / "images" / "x" / "NOTES").write_text("mine")
    rendered = {"images/x/Dockerfile": File(b"FROM a\n")}
    tree.apply(tmp_path, tree.compare(tmp_path, rendered))
    tree.apply(tmp_path, tree.compare(tmp_path, {}))
    assert on_disk(tmp_path) == {"images/x/NOTES": File(b"mine")}


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    difference = tree.compare(tmp_path, {"README.md": File(b"generated")})
    assert [(change.path, change.kind) for change in difference.edited] == [("README.md", "change")]


DOCKERFILE = "images/x/Dockerfile"


@pytest.mark.parametrize(
    ("folder", "file", "said"),
    [
        (DOCKERFILE, None, f"{DOCKERFILE} is a folder where a file belongs"),
        (f"{DOCKERFILE}/empty", None, f"{DOCKERFILE} is a folder where a file belongs"),
        (DOCKERFILE, f"{DOCKERFILE}/mine", f"{DOCKERFILE} is a folder where a file belongs"),
        (MANIFEST, None, f"{MANIFEST} is a folder where a file belongs"),
        (".", "images", "images is a file where a folder belongs"),
        ("images", "images/x", "images/x is a file where a folder belongs"),
    ],
)
def test_what_is_in_the_way_is_said_before_anything_is_written(
    tmp_path: Path, folder: str, file: str | None, said: str
) -> None:
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    if file:
        (tmp_path / file).write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(EnvironmentFailure) as failure:
        tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"1"), DOCKERFILE: File(b"2")}))
    assert failure.value.message == said
    assert failure.value.help == "move it away; nothing was written"
    assert sorted(tmp_path.rglob("*")) == before


def test_all_that_is_in_the_way_is_said_at_once(tmp_path: Path) -> None:
    rendered = {name: File(b"1") for name in ("a", "b/c", "b/d", "e", "f")}
    for name in ("a", "e", "f"):
        (tmp_path / name).mkdir()
    (tmp_path / "b").write_text("mine", encoding="utf-8")
    with pytest.raises(EnvironmentFailure) as failure:
        tree.apply(tmp_path, tree.compare(tmp_path, rendered))
    assert failure.value.message == (
        "a is a folder where a file belongs, b is a file where a folder belongs, "
        "e is a folder where a file belongs and 1 more"
    )


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_that_cannot_be_written_to_is_said_before_anything_is_written(everybodys: Path) -> None:
    for name in ("a", "locked"):
        (everybodys / name).mkdir()
        (everybodys / name).chmod(0o777 if name == "a" else 0o555)
    everybodys.chmod(0o777)
    rendered = {"a/b": File(b"1"), "locked/c": File(b"2"), "locked/d/e": File(b"3")}
    with without_privileges(), pytest.raises(EnvironmentFailure) as failure:
        tree.apply(everybodys, tree.compare(everybodys, rendered))
    assert failure.value.message == "locked cannot be written to"
    assert failure.value.help == "check who may write there; nothing was written"
    assert on_disk(everybodys) == {}


@pytest.mark.parametrize(("rendered", "kind"), [({"a": File(b"new")}, "change"), ({}, "remove")])
def test_an_edited_file_is_reported(tmp_path: Path, rendered: dict[str, File], kind: str) -> None:
    tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"old")}))
    (tmp_path / "a").write_text("edited")
    difference = tree.compare(tmp_path, rendered)
    assert [(change.path, change.kind) for change in difference.edited] == [("a", kind)]
    tree.apply(tmp_path, difference)
    assert on_disk(tmp_path) == rendered


def test_an_edit_that_is_what_would_be_rendered_is_none(tmp_path: Path) -> None:
    tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"old")}))
    (tmp_path / "a").write_text("new")
    assert tree.compare(tmp_path, {"a": File(b"new")}).edited == ()


@pytest.mark.parametrize("lost", [b"", b"\0" * 4096])
def test_what_a_power_failure_leaves_of_a_file_is_no_edit(tmp_path: Path, lost: bytes) -> None:
    tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"1"), "b": File(b"2")}))
    (tmp_path / "a").write_bytes(lost)
    (tmp_path / "b").write_bytes(lost)
    difference = tree.compare(tmp_path, {"a": File(b"1")})
    assert [(change.path, change.kind, change.edited) for change in difference.changes] == [
        (MANIFEST, "change", False), ("a", "change", False), ("b", "remove", False),
    ]  # fmt: skip
    tree.apply(tmp_path, difference)
    assert on_disk(tmp_path) == {"a": File(b"1")}


def test_a_lost_manifest_makes_nothing_ours(tmp_path: Path) -> None:
    tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"old"), "b": File(b"same")}))
    (tmp_path / MANIFEST).write_text("<<<<<<< HEAD\n")
    difference = tree.compare(tmp_path, {"a": File(b"new"), "b": File(b"same")})
    assert [change.path for change in difference.edited] == ["a"]


def test_a_lost_executable_bit_is_a_change(tmp_path: Path) -> None:
    rendered = {"run": File(b"#!/bin/sh\n", executable=True)}
    tree.apply(tmp_path, tree.compare(tmp_path, rendered))
    (tmp_path / "run").chmod(0o644)
    difference = tree.compare(tmp_path, rendered)
    assert [(change.path, change.kind, change.edited) for change in difference.changes] == [
        ("run", "change", False)
    ]


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../outside", "C:/x"])
def test_a_manifest_names_nothing_outside(tmp_path: Path, path: str) -> None:
    from image_matrix.output_tree import manifest

    root = tmp_path / "repository"
    root.mkdir()
    (tmp_path / "outside").write_bytes(b"x")
    (root / MANIFEST).write_bytes(manifest.write({path: (manifest.digest(b"x"),)}))
    tree.apply(root, tree.compare(root, {}))
    assert (tmp_path / "outside").read_bytes() == b"x"


def test_a_link_is_a_file_like_any_other(tmp_path: Path) -> None:
    rendered = {"run": File(b"./real", symlink=True), "real": File(b"x")}
    tree.apply(tmp_path, tree.compare(tmp_path, rendered))
    assert (tmp_path / "run").is_symlink()
    assert tree.compare(tmp_path, rendered).changes == ()
    tree.apply(tmp_path, tree.compare(tmp_path, {"run": File(b"./real")}))
    assert not (tmp_path / "run").is_symlink()


KILLED = """\
import os, signal, sys
from pathlib import Path
from image_matrix.output_tree import tree
from image_matrix.output_tree.files import File

left = int(sys.argv[2])
put = tree.put

def put_or_die(item, spare):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    put(item, spare)

tree.put = put_or_die
root = Path(sys.argv[1])
tree.apply(root, tree.compare(root, {"a/b": File(b"2"), "c": File(b"3")}))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("puts", range(4))
def test_what_a_killed_run_left_goes_with_the_next_one(tmp_path: Path, puts: int) -> None:
    tree.apply(tmp_path, tree.compare(tmp_path, {"a/b": File(b"1")}))
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(puts)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(list(tmp_path.glob(".image-matrix-*"))) == 1
    difference = tree.compare(tmp_path, {"a/b": File(b"2"), "c": File(b"3")})
    assert difference.edited == ()
    tree.apply(tmp_path, difference)
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".image-matrix.json", "a", "b", "c"]


def test_a_disk_that_takes_a_part_changes_nothing(tmp_path: Path) -> None:
    tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"1"), "b": File(b"1"), "d/e": File(b"1")}))
    before = contents(tmp_path)
    rendered = {"a": File(b"2"), "c/d": File(b"3"), "e": File(b"x" * 200_000)}
    with largest_file(100_000), pytest.raises(EnvironmentFailure) as failure:
        tree.apply(tmp_path, tree.compare(tmp_path, rendered), {"matrix.yaml": File(b"version: 1")})
    assert failure.value.message == f"{tmp_path / 'e'}: file too large"
    assert failure.value.help.endswith("; nothing was written")
    assert contents(tmp_path) == before
    assert not (tmp_path / "c").exists()


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """Whatever room is left: all is written, or nothing is."""
    first = {f"{number}/Dockerfile": File(b"1" * 3000) for number in range(10)}
    second = {f"{number}/Dockerfile": File(b"2" * 5000) for number in range(5, 15)}
    outcomes = set()
    for left in range(0, 160, 8):
        with small_disk(tmp_path / f"{left}", 512) as root:
            tree.apply(root, tree.compare(root, first))
            fill(root, left)
            before = contents(root)
            outcomes.add(outcome := applied(root, second))
            (root / "filling").unlink()
            if outcome == "written":
                assert on_disk(root) == second
            else:
                assert contents(root) == {
                    path: content for path, content in before.items() if path != "filling"
                }
    assert outcomes == {
        "written",
        "no space left on device; free some space on this disk; nothing was written",
    }


def applied(root: Path, rendered: dict[str, File]) -> str:
    """Apply a rendering; return what came of it."""
    try:
        tree.apply(root, tree.compare(root, rendered))
    except EnvironmentFailure as failure:
        return f"{failure.message.rpartition(': ')[2]}; {failure.help}"
    return "written"


def test_the_manifest_is_on_the_disk_before_it_is_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []

    def flush(path: Path) -> None:
        flushed.append(path.read_text())
        atomic.flush(path)

    def put_when_flushed(item: Staged, spare: list[Path]) -> None:
        if item.target.name == MANIFEST:
            assert item.file.content.decode() in flushed
        atomic.put(item, spare)

    monkeypatch.setattr(tree, "flush", flush)
    monkeypatch.setattr(tree, "put", put_when_flushed)
    tree.apply(tmp_path, tree.compare(tmp_path, {"a": File(b"1")}))
    assert len(flushed) == 2
