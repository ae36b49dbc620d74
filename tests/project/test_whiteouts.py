"""Files are laid over the built-in ones, one by one, and only what a whiteout names is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.lock.pins import Pins
from image_matrix.output_tree.files import File
from image_matrix.planning.keys import compute_keys
from image_matrix.project.inputs import builtin_templates, read_templates, template_files
from image_matrix.project.load import load
from image_matrix.project.render import render_all
from image_matrix.project.whiteouts import faults, laid_over

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.planning.keys import Keys

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
  jupyter: {from: base, kind: jupyter, pip: [jupyterlab==4.6.6]}
workflow: none
"""
OLD, NEW = File(b"old"), File(b"new")
LOWER = {
    "rootfs/base/init": OLD,
    "rootfs/base/etc/a": OLD,
    "rootfs/base/etc/b": OLD,
    "rootfs/base/lib/c/d": OLD,
}
EMPTY = File(b"", executable=True)


@pytest.mark.parametrize(
    ("upper", "left"),
    [
        ({}, {"init", "etc/a", "etc/b", "lib/c/d"}),
        ({"etc/mine": NEW}, {"init", "etc/a", "etc/b", "lib/c/d", "etc/mine"}),
        ({"etc/.wh.a": EMPTY}, {"init", "etc/b", "lib/c/d"}),
        ({"etc/.wh.a": EMPTY, "etc/a": NEW}, {"init", "etc/a", "etc/b", "lib/c/d"}),
        ({".wh.etc": EMPTY, "etc/mine": NEW}, {"init", "lib/c/d", "etc/mine"}),
        ({"etc/.wh..wh..opq": EMPTY, "etc/mine": NEW}, {"init", "lib/c/d", "etc/mine"}),
        ({".wh..wh..opq": EMPTY, "mine": NEW}, {"mine"}),
        ({"lib/.wh.c": EMPTY, "lib/c": NEW}, {"init", "etc/a", "etc/b", "lib/c"}),
        ({".wh.init": EMPTY, "init/mine": NEW}, {"init/mine", "etc/a", "etc/b", "lib/c/d"}),
    ],
)
def test_files_are_laid_over_one_by_one(upper: dict[str, File], left: set[str]) -> None:
    over = {f"rootfs/base/{path}": file for path, file in upper.items()}
    both = laid_over(LOWER, over)
    assert set(both) == {f"rootfs/base/{path}" for path in left}
    assert all(both[path] == NEW for path in over if path in both)
    assert list(faults(LOWER, over)) == []


PATHS = st.lists(st.sampled_from(["a", "b", ".wh.a", ".wh..wh..opq"]), min_size=1, max_size=3).map("/".join)


@given(st.sets(PATHS), st.sets(PATHS))
def test_no_file_is_a_folder_and_no_whiteout_is_left(lower: set[str], upper: set[str]) -> None:
    def tree(paths: set[str]) -> dict[str, File]:
        return {path: NEW for path in paths if not any(other.startswith(f"{path}/") for other in paths)}

    below = {path: file for path, file in tree(lower).items() if ".wh." not in path}
    above = {path: file for path, file in tree(upper).items() if ".wh." not in path.rpartition("/")[0]}
    both = laid_over(below, above)
    assert not any(other.startswith(f"{path}/") for path in both for other in both)
    assert not any(".wh." in path for path in both)
    assert {path for path in above if ".wh." not in path} <= both.keys()


def files_and_keys(root: Path) -> tuple[dict[str, File], dict[str, Keys]]:
    templates = read_templates(root)
    loaded = load({"matrix.yaml": MATRIX}, templates.kinds, templates.serving)
    rendered = render_all(loaded, Pins(), templates)
    return dict(rendered), compute_keys(loaded.variants, rendered)


def rootfs(files: dict[str, File], kind: str) -> set[str]:
    prefix = f"images/rootfs/{kind}/"
    return {path.removeprefix(prefix) for path in files if path.startswith(prefix)}


def write(root: Path, path: str, text: str = "") -> Path:
    file = root / "templates/rootfs" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_file_more_keeps_the_built_in_ones(tmp_path: Path) -> None:
    before, keys = files_and_keys(tmp_path)
    mine = write(tmp_path, "jupyter/etc/mine", "mine\n")
    files, moved = files_and_keys(tmp_path)
    assert rootfs(files, "jupyter") == rootfs(before, "jupyter") | {"etc/mine"}
    assert rootfs(files, "base") == rootfs(before, "base")
    assert moved["jupyter:default"] != keys["jupyter:default"]
    assert moved["base:default"] == keys["base:default"]
    mine.unlink()
    assert files_and_keys(tmp_path) == (before, keys)


def test_a_file_that_is_changed_is_the_only_one(tmp_path: Path) -> None:
    before, _ = files_and_keys(tmp_path)
    write(tmp_path, "base/init", "#!/bin/sh\n")
    files, _ = files_and_keys(tmp_path)
    changed = {path for path in files if files[path] != before.get(path) and "rootfs" in path}
    assert files.keys() == before.keys()
    assert changed == {"images/rootfs/base/init"}


def test_a_copy_that_is_removed_comes_from_image_matrix(tmp_path: Path) -> None:
    """As the README of a new repository says."""
    before, keys = files_and_keys(tmp_path)
    for path, file in template_files(builtin_templates()).items():
        target = tmp_path / "templates" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
    assert files_and_keys(tmp_path) == (before, keys)
    (tmp_path / "templates/rootfs/base/init").unlink()
    assert files_and_keys(tmp_path) == (before, keys)


def test_a_whiteout_removes_a_file_and_goes_into_no_image(tmp_path: Path) -> None:
    before, keys = files_and_keys(tmp_path)
    whiteout = write(tmp_path, "jupyter/etc/services.d/.wh.jupyterlab")
    files, moved = files_and_keys(tmp_path)
    assert rootfs(before, "jupyter") - rootfs(files, "jupyter") == {"etc/services.d/jupyterlab/run"}
    assert not any(".wh." in path for path in files)
    assert read_templates(tmp_path).serving == read_templates(tmp_path / "none").serving - {"jupyter"}
    assert moved["jupyter:default"] != keys["jupyter:default"]
    assert moved["base:default"] == keys["base:default"]
    whiteout.unlink()
    assert files_and_keys(tmp_path) == (before, keys)


def test_a_whole_kind_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, "jupyter/.wh..wh..opq")
    files, _ = files_and_keys(tmp_path)
    assert rootfs(files, "jupyter") == set()
    assert b"COPY" not in files["images/jupyter/default/Dockerfile"].content
    write(tmp_path, "jupyter/etc/mine", "mine\n")
    files, _ = files_and_keys(tmp_path)
    assert rootfs(files, "jupyter") == {"etc/mine"}
