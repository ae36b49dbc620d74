"""What ``init`` can say of where this program comes from: real git repositories, and what installers write."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.init import _git
from image_matrix.project.init import is_generator
from image_matrix.project.origin import (
    Unknown,
    address_of,
    branch_for,
    generator_for,
    of_checkout,
    of_installed,
    public_address,
    registry_for,
    runs_github_actions,
)
from tests.git_commands import git

if TYPE_CHECKING:
    from pathlib import Path

REMOTE = "https://github.com/team/image-matrix.git"


def checkout(folder: Path, remote: str = REMOTE, *, pushed: bool = True) -> str:
    """Make a clone with one commit; return the commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    (folder / "pyproject.toml").write_text("[project]\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one")
    commit = git(folder, "rev-parse", "HEAD").strip()
    git(folder, "remote", "add", "origin", remote)
    if pushed:
        git(folder, "update-ref", "refs/remotes/origin/main", commit)
    return commit


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        (REMOTE, REMOTE),
        ("https://me:token@GitHub.com/team/image-matrix", "https://github.com/team/image-matrix"),
        ("git@github.com:team/image-matrix.git", REMOTE),
        ("ssh://git@github.com:22/team/image-matrix.git", REMOTE),
        ("https://git.example.org:8443/team/x.git/", "https://git.example.org:8443/team/x.git"),
        ("http://git.example.org/team/x", None),
        ("git://git.example.org/team/x", None),
        ("/srv/git/x.git", None),
        ("../x.git", None),
        ("file:///srv/git/x.git", None),
        ("", None),
    ],
)
def test_the_address_of_a_remote(remote: str, address: str | None) -> None:
    assert public_address(remote) == address


def test_a_checkout_is_its_commit(tmp_path: Path) -> None:
    commit = checkout(tmp_path / "im")
    found = of_checkout(tmp_path / "im", tmp_path / "notebooks", _git)
    assert found == f"image-matrix[locked] @ git+{REMOTE}@{commit}"
    assert is_generator(str(found))


def test_a_remote_that_runners_reach_is_taken(tmp_path: Path) -> None:
    commit = checkout(tmp_path / "im", "/srv/git/im.git")
    git(tmp_path / "im", "remote", "add", "team", "git@git.example.org:team/im.git")
    git(tmp_path / "im", "update-ref", "refs/remotes/team/main", commit)
    found = of_checkout(tmp_path / "im", tmp_path / "notebooks", _git)
    assert found == f"image-matrix[locked] @ git+https://git.example.org/team/im.git@{commit}"


def test_a_commit_that_nobody_else_has_is_not_named(tmp_path: Path) -> None:
    commit = checkout(tmp_path / "im", pushed=False)
    found = of_checkout(tmp_path / "im", tmp_path / "notebooks", _git)
    assert isinstance(found, Unknown)
    assert commit[:12] in found.reason


def test_a_copy_inside_another_repository_is_no_checkout(tmp_path: Path) -> None:
    checkout(tmp_path / "project")
    copy = tmp_path / "project" / "im"
    copy.mkdir()
    found = of_checkout(copy, tmp_path / "notebooks", _git)
    assert isinstance(found, Unknown)
    assert "not a git checkout" in found.reason


def test_a_copy_inside_the_new_repository_is_its_path(tmp_path: Path) -> None:
    copy = tmp_path / "notebooks" / "vendor" / "image-matrix"
    copy.mkdir(parents=True)
    found = of_checkout(copy, tmp_path / "notebooks", _git)
    assert found == "./vendor/image-matrix[locked]"
    assert is_generator(found)


def test_an_installation_from_git_is_its_commit(tmp_path: Path) -> None:
    commit = "0123456789" * 4
    info = {"url": "https://me:word@github.com/team/im", "vcs_info": {"vcs": "git", "commit_id": commit}}
    found = of_installed(json.dumps(info), tmp_path, _git)
    assert found == f"image-matrix[locked] @ git+https://github.com/team/im@{commit}"


def test_an_installation_from_a_folder_is_that_checkout(tmp_path: Path) -> None:
    commit = checkout(tmp_path / "im and more")
    info = {"url": (tmp_path / "im and more").as_uri(), "dir_info": {}}
    found = of_installed(json.dumps(info), tmp_path / "notebooks", _git)
    assert found == f"image-matrix[locked] @ git+{REMOTE}@{commit}"


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (None, "package index"),
        (
            {"url": "file:///tmp/image_matrix-0.1.0-py3-none-any.whl", "archive_info": {}},
            "0-py3-none-any.whl",
        ),
        ({"url": "file:///srv/im.git", "vcs_info": {"vcs": "git", "commit_id": "0" * 40}}, "/srv/im.git"),
    ],
)
def test_what_nobody_can_name(info: dict[str, object] | None, reason: str, tmp_path: Path) -> None:
    found = of_installed(json.dumps(info) if info else None, tmp_path, _git)
    assert isinstance(found, Unknown)
    assert reason in found.reason


def test_this_program_never_names_a_package_of_an_index(tmp_path: Path) -> None:
    found = generator_for(tmp_path / "notebooks", _git)
    assert isinstance(found, Unknown) or "==" not in found


@pytest.mark.parametrize(
    "name", ["image_matrix-0.1.0-py3-none-any.whl", "vendor/image_matrix-0.1.0-py3-none-any.whl"]
)
def test_a_wheel_inside_the_new_repository_is_its_path(name: str, tmp_path: Path) -> None:
    info = {"url": (tmp_path / name).as_uri(), "archive_info": {}}
    found = of_installed(json.dumps(info), tmp_path, _git)
    assert found == f"./{name}[locked]"
    assert is_generator(found)


@pytest.mark.parametrize(
    ("address", "registry"),
    [
        ("https://github.com/Team/Note-Books.git", "ghcr.io/team/note-books"),
        ("https://github.com/team/notebooks", "ghcr.io/team/notebooks"),
        ("https://gitlab.com/Team/sub/notebooks.git", "registry.gitlab.com/team/sub/notebooks"),
        ("https://git.example.org/team/notebooks", None),
        ("https://github.com/team/note--._books", None),
    ],
)
def test_the_registry_of_a_repository(address: str, registry: str | None) -> None:
    assert registry_for(address) == registry


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://github.com/team/notebooks", True),
        ("https://git.example.org/team/notebooks", True),
        ("https://gitlab.com/team/notebooks", False),
        ("https://gitlab.example.org/team/notebooks", False),
        ("https://codeberg.org/team/notebooks", False),
    ],
)
def test_hosts_that_run_no_workflow_of_github(address: str, may: bool) -> None:
    assert runs_github_actions(address) == may


def test_the_address_of_a_repository_is_that_of_its_only_remote_or_of_origin(tmp_path: Path) -> None:
    checkout(tmp_path / "notebooks", "git@github.com:Team/Note-Books.git")
    address = "https://github.com/Team/Note-Books.git"
    assert address_of(tmp_path / "notebooks", _git) == address
    (tmp_path / "notebooks" / "sub").mkdir()
    assert address_of(tmp_path / "notebooks" / "sub", _git) is None
    assert address_of(tmp_path / "absent", _git) is None
    git(tmp_path / "notebooks", "remote", "rename", "origin", "team")
    assert address_of(tmp_path / "notebooks", _git) == address
    git(tmp_path / "notebooks", "remote", "add", "origin", "https://gitlab.com/team/x")
    assert address_of(tmp_path / "notebooks", _git) == "https://gitlab.com/team/x"


def test_the_default_branch_of_a_repository(tmp_path: Path) -> None:
    checkout(tmp_path / "remote", "https://github.com/team/notebooks")
    subprocess.run(["git", "-C", str(tmp_path / "remote"), "branch", "--move", "trunk"], check=True)
    clone = ["git", "clone", "--quiet", str(tmp_path / "remote"), str(tmp_path / "clone")]
    subprocess.run(clone, check=True)
    subprocess.run(
        ["git", "-C", str(tmp_path / "clone"), "switch", "--quiet", "--create", "mine"], check=True
    )
    assert branch_for(tmp_path / "clone", _git) == "trunk"
    assert branch_for(tmp_path / "remote", _git) == "trunk"
    assert branch_for(tmp_path, _git) is None
