"""Creates and pushes commits without changing the working tree; credentials are passed in the environment."""

from __future__ import annotations

import base64
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.diagnostics.redact import without_user
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.git import ask_remote, run_git
from image_matrix.retry import persevere, retry_policy
from image_matrix.stderr import failed
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.output_tree.files import File
    from image_matrix.retry import RetryPolicy

AUTHOR = "github-actions[bot]"
MAIL = "41898282+github-actions[bot]@users.noreply.github.com"
REMOTE = {"fetch": 900.0, "ls-remote": 120.0, "push": 900.0}
"""Commands that contact the remote, and how many seconds each may take in all: a server may be silent for ever.

A transfer that makes progress is ended, too. Each may run twice: pushing a commit that exists there changes nothing.
"""


@dataclass(frozen=True, slots=True)
class Git:
    """A repository with a remote."""

    root: Path
    environment: Mapping[str, str]
    remote: str = "origin"

    def __call__(self, *arguments: str, stdin: bytes = b"", **environment: str) -> str:
        """Run git and return the text that it prints; raises :class:`EnvironmentFailure`."""
        return self.output(*arguments, stdin=stdin, **environment).decode(errors="replace").strip()

    def output(self, *arguments: str, stdin: bytes = b"", **environment: str) -> bytes:
        """Run git and return exactly what it prints; raises :class:`EnvironmentFailure`."""
        answer = self.try_(*arguments, stdin=stdin, **environment)
        if answer.returncode:
            what = f"git {arguments[0]} failed"
            raise EnvironmentFailure(failed(what, answer.stderr), _advice(arguments[0], self.remote))
        return answer.stdout

    def try_(
        self, *arguments: str, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git and return the result, with retries if the remote is unavailable.

        Raises :class:`EnvironmentFailure` if the remote takes longer than it may; it is not asked again then.
        """
        values = {**self.environment, **environment}
        if arguments[0] not in REMOTE:
            return run_git(self.root, *arguments, stdin=stdin, environment=values)
        seconds = REMOTE[arguments[0]]

        def attempt() -> subprocess.CompletedProcess[bytes]:
            answer = ask_remote(seconds, self.root, *arguments, environment=values)
            if answer is None:
                raise self._too_long(arguments[0], seconds)
            return answer

        return persevere(attempt, _judge, time.sleep)

    def _too_long(self, command: str, seconds: float) -> EnvironmentFailure:
        """Return the failure of a command that was not done in time, with a remote that may be silent or slow."""
        known = run_git(self.root, "remote", "get-url", self.remote, environment=self.environment)
        address = without_user(known.stdout.decode(errors="replace").strip())
        remote = f"`{self.remote}` ({address})" if address else f"`{self.remote}`"
        return EnvironmentFailure(
            f"git {command} was ended: with {remote}, it took longer than {seconds:g} seconds",
            f"check the network and the proxy, try `git ls-remote {self.remote}`, and run this again",
        )


def _judge(ended: subprocess.CompletedProcess[bytes]) -> RetryPolicy | None:
    return retry_policy(ended.stderr.decode(errors="replace")) if ended.returncode else None


def _advice(command: str, remote: str) -> str:
    """Return the help for a command that contacts the remote."""
    return _check(remote) if command in REMOTE else ""


def _check(remote: str) -> str:
    return f"check the network and the remote `{remote}` (git remote --verbose)"


def open_git(root: Path, environment: Mapping[str, str]) -> Git:
    """Return a repository that commits as the workflow, and logs in with GITHUB_TOKEN if it is set.

    git reads the header from its environment (git-config, GIT_CONFIG_COUNT), so the token is in no argument or file.
    """
    variables = {
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
        header = {f"http.{server}/.extraheader": f"AUTHORIZATION: basic {basic}"}
        variables |= configured(variables, header)
    return Git(root, variables)


def configured(environment: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that add settings of git to those of an environment (git-config, GIT_CONFIG_COUNT)."""
    first = int(environment.get("GIT_CONFIG_COUNT") or 0)
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for at, (name, value) in enumerate(settings.items(), first):
        variables |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value}
    return variables


def tip(git: Git, branch: str) -> str | None:
    """Fetch a branch of the remote and return its commit, or ``None`` if there is no such branch."""
    listed = git("ls-remote", "--heads", git.remote, f"refs/heads/{branch}")
    if not listed:
        return None
    git("fetch", "--quiet", "--no-tags", git.remote, f"refs/heads/{branch}")
    return listed.split()[0]


def remote_tags(git: Git) -> dict[str, str]:
    """Return the tags of the remote, each with the object that it names."""
    lines = (line.split("\t") for line in git("ls-remote", "--tags", "--refs", git.remote).splitlines())
    return {name.removeprefix("refs/tags/"): identity for identity, name in lines}


def text_at(git: Git, commit: str, path: str) -> str | None:
    """Return the text of a file in a commit; ``None`` if the commit does not have it.

    Raises :class:`EnvironmentFailure` if git cannot read it.
    """
    if not subtree(git, commit, path):
        return None
    return git.output("show", f"{commit}:{path}").decode(errors="replace")


def last_with_trailer(git: Git, commit: str, trailer: str) -> str | None:
    """Return the newest commit up to ``commit`` with a trailer, which reverts and the commits of others do not have."""
    return next(iter(newest_with_trailer(git, commit, trailer, 1)), None)


def newest_with_trailer(git: Git, commit: str, trailer: str, count: int) -> list[str]:
    """Return the newest commits up to ``commit`` with a trailer, at most ``count``, the newest first."""
    return git("log", f"-{count}", "--first-parent", "--format=%H", f"--grep=^{trailer}: ", commit).split()


def count_with_trailer(git: Git, commit: str, trailer: str) -> int:
    """Return how many commits up to ``commit`` have a trailer."""
    return int(git("rev-list", "--count", "--first-parent", f"--grep=^{trailer}: ", commit))


def subtree(git: Git, tree: str, folder: str) -> str:
    """Return the id of a folder, or of a file, in a tree or commit; empty if it does not have it."""
    return git("ls-tree", "--full-tree", "--object-only", tree, folder)


def tree_with(git: Git, base: str | None, folder: str, files: Mapping[str, File]) -> str:
    """Write the tree of a commit with ``files`` as the whole content of ``folder``; return its id.

    It uses a temporary index, since the work tree and the index of the repository have the folder of another branch.
    """
    with temporary_folder() as place:
        index = str(place / "index")
        if base:
            git("read-tree", base, GIT_INDEX_FILE=index)
        edits = (_removals(git, base, folder) if base else b"") + _additions(git, files, place)
        git("update-index", "-z", "--index-info", stdin=edits, GIT_INDEX_FILE=index)
        return git("write-tree", GIT_INDEX_FILE=index)


def _removals(git: Git, base: str, folder: str) -> bytes:
    """Return the lines for ``update-index --index-info`` that remove a folder: mode 0, and the current object."""
    listed = git.output("ls-tree", "-r", "-z", "--full-tree", base, folder)
    entries = (entry.partition(b"\t") for entry in listed.split(b"\0") if entry)
    return b"".join(b"0 %b\t%b\0" % (meta.split()[2], path) for meta, _, path in entries)


def _additions(git: Git, files: Mapping[str, File], place: Path) -> bytes:
    """Write the files as blobs, through a temporary folder, and return the lines that add them."""
    copies = [place / str(number) for number in range(len(files))]
    for copy, file in zip(copies, files.values(), strict=True):
        copy.write_bytes(file.content)
    paths = "".join(f"{copy}\n" for copy in copies).encode()
    blobs = git("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=paths).split()
    added = zip(files.items(), blobs, strict=True)
    return b"".join(f"{file.mode} {blob}\t{path}\0".encode() for (path, file), blob in added)


def folder_commit(
    git: Git, parent: str | None, folder: str, files: Mapping[str, File], message: str
) -> str | None:
    """Write a commit on top of ``parent`` with ``files`` as the whole content of ``folder``; return its id.

    The rest of the parent is unchanged. Returns ``None`` if nothing changes. It does not push: see :func:`push`.
    """
    tree = tree_with(git, parent, folder, files)
    if parent and tree == git("rev-parse", f"{parent}^{{tree}}"):
        return None
    return git("commit-tree", tree, *(("-p", parent) if parent else ()), stdin=message.encode())


REJECTED = 1
"""The exit code of git push if the remote rejects it; 128 means that the connection or the login fails."""
RIGHTS = "check the rules of the branch and of tags, and the permissions of the login"
"""The help if the remote rejects a push."""


def push(git: Git, commit: str, branch: str, *options: str) -> None:
    """Push a commit to a branch of the remote.

    Raises :class:`Failure` if the remote rejects it (by a rule, or because of another push), and
    :class:`EnvironmentFailure` if the remote cannot be reached or the login may not push.
    """
    _push(git, f"the branch {branch}", *options, git.remote, f"{commit}:refs/heads/{branch}")


def push_tagged(git: Git, commit: str, branch: str, tag: str) -> None:
    """Push a commit to a branch of the remote and its tag, both or none; raises the errors of :func:`push`."""
    names = (f"{commit}:refs/heads/{branch}", f"{commit}:refs/tags/{tag}")
    _push(git, f"the branch {branch} with the tag {tag}", "--atomic", git.remote, *names)


def push_tag(git: Git, commit: str, tag: str) -> None:
    """Push a tag of a commit that the remote has; raises the errors of :func:`push`."""
    _push(git, f"the tag {tag}", git.remote, f"{commit}:refs/tags/{tag}")


def _push(git: Git, what: str, *arguments: str) -> None:
    answer = git.try_("push", "--quiet", *arguments)
    if answer.returncode:
        message = failed(f"{what} could not be pushed", answer.stderr)
        kind = Failure if answer.returncode == REJECTED else EnvironmentFailure
        raise kind(message, _check(git.remote) if _judge(answer) else RIGHTS)


def try_push(git: Git, commit: str, branch: str) -> None:
    """Raise the errors of :func:`push` without pushing, except those of a rule of the branch."""
    push(git, commit, branch, "--dry-run")


def commit_changes(git: Git, branch: str, message: str, *options: str) -> str | None:
    """Commit all changes of the working tree on top of HEAD and push them to a branch; ``None`` without changes."""
    git("add", "--all")
    tree = git("write-tree")
    if tree == git("rev-parse", "HEAD^{tree}"):
        return None
    commit = git("commit-tree", tree, "-p", "HEAD", stdin=f"{message}\n".encode())
    push(git, commit, branch, *options)
    return commit


def actions_git(root: Path) -> Git:
    """Return the checkout of a run."""
    return open_git(root, os.environ)
