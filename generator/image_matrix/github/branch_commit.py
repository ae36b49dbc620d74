"""Commits that a run makes and pushes, without touching its working tree; credentials go through the environment."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.git import reason, run_git
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.output_tree.files import File

AUTHOR = "github-actions[bot]"
MAIL = "41898282+github-actions[bot]@users.noreply.github.com"


@dataclass(frozen=True, slots=True)
class Git:
    """A repository with a remote."""

    root: Path
    environment: Mapping[str, str]
    remote: str = "origin"

    def __call__(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        """Run git and return what it prints; raises :class:`EnvironmentFailure`."""
        answer = self.try_(*arguments, stdin=stdin, **environment)
        if answer.returncode:
            said = reason(answer.stderr)
            raise EnvironmentFailure(f"git {arguments[0]} failed: {said}", _advice(arguments[0], self.remote))
        return answer.stdout.decode(errors="replace").strip()

    def try_(
        self, *arguments: str, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git and return what came of it."""
        return run_git(self.root, *arguments, stdin=stdin, environment={**self.environment, **environment})


def _advice(command: str, remote: str) -> str:
    """Return what helps where the other side is asked."""
    asks = command in ("ls-remote", "fetch")
    return f"check the network and the remote `{remote}` (git remote --verbose)" if asks else ""


def open_git(root: Path, environment: Mapping[str, str]) -> Git:
    """Return a repository that commits as the workflow and logs in with GITHUB_TOKEN where there is one.

    git reads the header from its environment (git-config, GIT_CONFIG_COUNT), so that it is in no argument and no file.
    """
    made = {
        **environment,
        "GIT_AUTHOR_NAME": AUTHOR,
        "GIT_AUTHOR_EMAIL": MAIL,
        "GIT_COMMITTER_NAME": AUTHOR,
        "GIT_COMMITTER_EMAIL": MAIL,
        "GIT_TERMINAL_PROMPT": "0",
    }
    token, server = environment.get("GITHUB_TOKEN"), environment.get("GITHUB_SERVER_URL")
    if token and server:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        made |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}",
        }
    return Git(root, made)


def tip(git: Git, branch: str) -> str | None:
    """Fetch a branch of the remote and return its commit, or ``None`` where there is no such branch."""
    listed = git("ls-remote", "--heads", git.remote, f"refs/heads/{branch}")
    if not listed:
        return None
    git("fetch", "--quiet", "--no-tags", git.remote, f"refs/heads/{branch}")
    return listed.split()[0]


def last_with_trailer(git: Git, commit: str, trailer: str) -> str | None:
    """Return the newest commit up to ``commit`` whose message has a trailer; reverts and others' commits have none."""
    found = git("log", "-1", "--first-parent", "--format=%H", f"--grep=^{trailer}: ", commit)
    return found or None


def subtree(git: Git, tree: str, folder: str) -> str:
    """Return the id of a folder's content in a tree or commit; an empty text where it has none."""
    return git("ls-tree", "--object-only", tree, folder)


def tree_with(git: Git, base: str | None, folder: str, files: Mapping[str, File]) -> str:
    """Write the tree of a commit with ``files`` as the whole content of ``folder``; return its id."""
    with temporary_folder() as place:
        index = str(place / "index")
        if base:
            git("read-tree", base, GIT_INDEX_FILE=index)
            git("rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "--", folder, GIT_INDEX_FILE=index)
        for path, file in files.items():
            blob = git("hash-object", "-w", "--stdin", stdin=file.content)
            entry = f"{file.mode},{blob},{path}"
            git("update-index", "--add", "--cacheinfo", entry, GIT_INDEX_FILE=index)
        return git("write-tree", GIT_INDEX_FILE=index)


def commit_folder(git: Git, branch: str, folder: str, files: Mapping[str, File], message: str) -> str | None:
    """Make ``files`` the whole content of ``folder`` on a branch of the remote; return the commit.

    Everything else on the branch stays. ``None`` where nothing changes. Raises :class:`Failure` where somebody else has
    pushed meanwhile.
    """
    parent = tip(git, branch)
    tree = tree_with(git, parent, folder, files)
    if parent and tree == git("rev-parse", f"{parent}^{{tree}}"):
        return None
    commit = git("commit-tree", tree, *(("-p", parent) if parent else ()), stdin=message.encode())
    _push(git, commit, branch)
    return commit


def _push(git: Git, commit: str, branch: str, *options: str) -> None:
    answer = git.try_("push", "--quiet", *options, git.remote, f"{commit}:refs/heads/{branch}")
    if answer.returncode:
        reason = answer.stderr.decode(errors="replace").strip()
        raise Failure(
            f"the branch {branch} could not be pushed: {reason}", "look at branch protection and permissions"
        )


def commit_changes(git: Git, branch: str, message: str, *options: str) -> str | None:
    """Commit every change of the working tree on top of HEAD and push it to a branch; ``None`` without changes."""
    git("add", "--all")
    tree = git("write-tree")
    if tree == git("rev-parse", "HEAD^{tree}"):
        return None
    commit = git("commit-tree", tree, "-p", "HEAD", stdin=f"{message}\n".encode())
    _push(git, commit, branch, *options)
    return commit


def actions_git(root: Path) -> Git:
    """Return the checkout of a run."""
    return open_git(root, os.environ)
