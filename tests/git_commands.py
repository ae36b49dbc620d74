"""Git as tests call it, by a person of their own."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it printed. Raises CalledProcessError if git fails."""
    command = ["git", *IDENTITY, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@contextmanager
def on_branch(in_clone: Callable[..., object], branch: str) -> Iterator[None]:
    """Have a branch of the remote checked out for the time of a ``with``; then push what was committed.

    ``in_clone`` runs git in a clone whose own branch is ``main``.
    """
    in_clone("fetch", "--quiet", "origin", branch)
    in_clone("checkout", "--quiet", "--detach", "FETCH_HEAD")
    try:
        yield
        in_clone("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    finally:
        in_clone("checkout", "--quiet", "--force", "main")
