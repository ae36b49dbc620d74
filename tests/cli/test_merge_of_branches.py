"""Branches that both render, merged by a real git: `render` writes anew what nobody has edited, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import image_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .conftest import Repository

pytestmark = pytest.mark.slow

SCAFFOLD = Path(image_matrix.__file__).parent / "project" / "scaffold"
BAKE = "images/docker-bake.json"
MANIFEST = ".image-matrix.json"
ATTRIBUTES = (SCAFFOLD / "gitattributes").read_text()
MERGES = [("merge", "-m", "both", "a"), ("rebase", "a"), ("cherry-pick", "a"), ("merge", "--squash", "a")]
"""On the branch ``b``."""


def git(repository: Repository, *arguments: str, check: bool = True) -> str:
    options = ("user.name=t", "user.email=t@example.org", "commit.gpgsign=false", "core.editor=true")
    settings = [word for option in options for word in ("-c", option)]
    command = ["git", "-C", str(repository.root), *settings, *arguments]
    done = subprocess.run(command, check=check, capture_output=True, text=True)
    return done.stdout


def commit(repository: Repository, message: str) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", message)


def add_image(repository: Repository, name: str, before: str) -> None:
    repository.replace(f"  {before}:\n", f"  {name}:\n    from: base\n    apt: [jq]\n  {before}:\n")
    assert repository("render").code == 0


def branches(repository: Repository, *, attributes: str = "", edit: tuple[str, str] | None = None) -> None:
    """Make a branch `a` and a branch `b`, each with an image of its own; stay on `b`."""
    git(repository, "init", "--quiet", "--initial-branch", "main")
    (repository.root / ".gitattributes").write_text(attributes)
    repository("render")
    commit(repository, "one")
    for name, before in (("a", "base"), ("b", "jupyter")):
        git(repository, "checkout", "--quiet", "-b", name, "main")
        add_image(repository, f"only-{name}", before)
        if edit and name == "b":
            path = repository.root / edit[0]
            path.write_text(path.read_text() + edit[1])
        commit(repository, name)


def conflicted(repository: Repository) -> set[str]:
    return set(git(repository, "diff", "--name-only", "--diff-filter=U").splitlines())


def marked(repository: Repository) -> Sequence[str]:
    return [
        path
        for path, content in repository.files().items()
        if b"\n<<<<<<< " in content and ".git/" not in path
    ]


@pytest.mark.parametrize("style", ["merge", "diff3"])
@pytest.mark.parametrize("how", MERGES, ids=" ".join)
def test_conflicts_in_generated_files_are_written_anew(
    repository: Repository, how: tuple[str, ...], style: str
) -> None:
    branches(repository)
    git(repository, "-c", f"merge.conflictStyle={style}", *how, check=False)
    assert {BAKE, MANIFEST} <= conflicted(repository)
    assert repository("check").code == 1
    rendered = repository("render")
    assert (rendered.code, "IM504" in rendered.err) == (0, False)
    assert marked(repository) == []
    assert {"images/only-a/python3.13/Dockerfile", "images/only-b/python3.13/Dockerfile"} <= set(
        repository.files()
    )
    assert repository("check").code == 0


def test_generated_files_without_a_merge_of_lines(repository: Repository) -> None:
    branches(repository, attributes=ATTRIBUTES)
    git(repository, *MERGES[0], check=False)
    assert marked(repository) == []
    assert BAKE in conflicted(repository)
    assert MANIFEST not in conflicted(repository)
    assert repository("render").code == 0
    commit(repository, "both")
    assert repository("check").code == 0


def test_the_attributes_in_the_documentation_are_those_of_init() -> None:
    page = (Path(image_matrix.__file__).parents[2] / "docs" / "workflow.md").read_text(encoding="utf-8")
    shown = [line.strip() for line in page.splitlines() if line.startswith("    ") and "linguist" in line]
    assert shown == [line for line in ATTRIBUTES.splitlines() if "linguist" in line]


def test_a_side_taken_whole(repository: Repository) -> None:
    """Whoever has resolved the conflicts by taking one side everywhere renders as ever."""
    branches(repository)
    git(repository, *MERGES[0], check=False)
    git(repository, "checkout", "--ours", ".")
    assert repository("render").code == 0
    commit(repository, "both")
    assert repository("check").code == 0


@pytest.mark.parametrize("taken", ["--ours", "--theirs"])
def test_a_merge_that_was_committed_with_its_markers(repository: Repository, taken: str) -> None:
    branches(repository)
    git(repository, *MERGES[0], check=False)
    git(repository, "checkout", taken, MANIFEST)
    commit(repository, "both")
    assert marked(repository)
    assert repository("render").code == 0
    assert repository("check").code == 0


def test_files_that_git_merged_without_a_conflict(repository: Repository) -> None:
    """A union of the lines is a text that neither side rendered, and it raises no conflict."""
    branches(repository, attributes="* merge=union\nmatrix.yaml merge\n")
    git(repository, *MERGES[0])
    assert conflicted(repository) == set()
    assert repository("check").code == 1
    assert repository("render").code == 0
    assert repository("check").code == 0


def test_a_line_typed_into_a_conflict_is_kept(repository: Repository) -> None:
    branches(repository)
    git(repository, *MERGES[0], check=False)
    path = repository.root / BAKE
    path.write_text(path.read_text().replace("\n=======\n", "\n=======\nmine\n", 1))
    line = path.read_text().splitlines().index("mine") + 1
    refused = repository("render")
    assert refused.code == 1
    said = "neither side of the merge has this line; `render` would overwrite it"
    assert f"{BAKE}:{line}:1: error[IM504]: {said}\n  {line} | mine\n" in refused.err
    assert refused.err.count("IM504") == 1
    assert "\nmine\n" in path.read_text()
    assert repository("render", "--force").code == 0


def test_an_edit_that_was_committed_on_one_side_is_kept(repository: Repository) -> None:
    branches(repository, edit=(BAKE, "mine\n"))
    git(repository, *MERGES[0], check=False)
    refused = repository("render")
    assert refused.code == 1
    assert f"{BAKE}: error[IM504]: this file was edited by hand, or was not generated" in refused.err
    assert b"mine" in repository.files()[BAKE]


def test_an_edit_beside_a_merge_is_kept(repository: Repository) -> None:
    """A file that both sides have alike has nothing to do with the merge."""
    branches(repository)
    git(repository, *MERGES[0], check=False)
    path = repository.root / "images/base/python3.13/Dockerfile"
    path.write_text(path.read_text().replace("USER 1000\n", ""))
    refused = repository("render")
    assert refused.code == 1
    assert (
        "images/base/python3.13/Dockerfile: error[IM504]: this file was edited by hand, or was not generated"
        in refused.err
    )


def test_an_edit_after_a_merge_is_kept(repository: Repository) -> None:
    branches(repository)
    git(repository, *MERGES[0], check=False)
    repository("render")
    commit(repository, "both")
    path = repository.root / BAKE
    path.write_text(path.read_text().replace('  "target": {\n', ""))
    assert repository("render").code == 1


def test_an_included_file_beside_the_generated_ones_is_merged_line_by_line(repository: Repository) -> None:
    git(repository, "init", "--quiet")
    (repository.root / ".gitattributes").write_text(ATTRIBUTES)
    paths = ("images/geo.yaml", BAKE, "images/base/default/Dockerfile")
    shown = git(repository, "check-attr", "merge", "--", *paths).splitlines()
    assert [line.rpartition(" ")[2] for line in shown] == ["unspecified", "unset", "unset"]
