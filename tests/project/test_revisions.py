from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import CallError
from image_matrix.project.history import read_inputs_at
from image_matrix.project.revisions import commit_of, revision_named
from tests.git_commands import git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for number in range(3):
        git(folder, "commit", "-q", "--allow-empty", "-m", f"commit {number}")
    git(folder, "branch", "release")
    return folder


def cloned(origin: Path, *options: str) -> Path:
    clone = origin.parent / "clone"
    git(origin.parent, "clone", "-q", *options, f"file://{origin}", str(clone))
    return clone


def refusal(clone: Path, name: str) -> str:
    with pytest.raises(CallError) as caught:
        revision_named(clone, name, "diff")
    assert caught.value.help
    return caught.value.help


def test_a_branch_that_only_origin_has_is_known_to_every_command(origin: Path) -> None:
    clone = cloned(origin)
    git(clone, "checkout", "-q", "--detach")
    git(clone, "branch", "-D", "main")
    assert revision_named(clone, "main", "diff") == ("origin/main", commit_of(clone, "HEAD"))
    assert read_inputs_at(clone, "main", "matrix.yaml", {}) is None, "the commit has no matrix, but is found"


def test_the_remedy_brings_a_branch_into_a_clone_of_another_branch_alone(origin: Path) -> None:
    clone = cloned(origin, "--single-branch")
    advice = refusal(clone, "release")
    assert "--unshallow" not in advice, "git refuses that in a complete repository"
    command = re.search("`git (fetch origin [^`]*)`", advice)
    assert command
    git(clone, *command[1].split())
    assert revision_named(clone, "release", "diff")[0] == "origin/release"


def test_the_remedy_brings_old_commits_into_a_shallow_clone(origin: Path) -> None:
    clone = cloned(origin, "--depth=1")
    assert "`git fetch --unshallow`" in refusal(clone, "HEAD~1")
    git(clone, "fetch", "--unshallow")
    assert revision_named(clone, "HEAD~1", "diff")[0] == "HEAD~1"


def test_what_is_relative_to_the_current_commit_is_never_that_of_origin(origin: Path) -> None:
    clone = cloned(origin)
    git(clone, "checkout", "-q", "--detach", "HEAD~2")
    assert "`git fetch` brings new commits" in refusal(clone, "HEAD~1")


@pytest.mark.parametrize(
    ("name", "option", "expected"),
    [
        ("release..main", "diff", "write `image-matrix diff release main`"),
        ("release...", "diff", "write `image-matrix diff release HEAD`"),
        ("release..main", "--since", "write `--since release`"),
    ],
)
def test_a_range_is_answered_with_its_ends(origin: Path, name: str, option: str, expected: str) -> None:
    with pytest.raises(CallError, match="is a range") as caught:
        revision_named(origin, name, option)
    assert caught.value.help == expected
