"""Where this program comes from, as ``workflow.generator`` names it: what ``init`` can find out instead of asking.

Never a name of a package index: which one runners ask is not known here, and anybody may register a free name there.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Git = Callable[[Path, Sequence[str]], str | None]
    """Runs git in a folder: what it prints, or ``None`` where it fails."""

DISTRIBUTION = "image-matrix"
EXTRA = "[locked]"
_SCP = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")
"""``git@github.com:OWNER/NAME.git``; git-scm.com/docs/git-clone#_git_urls."""

_GITHUB = re.compile(
    r"https://github\.com/(?P<path>[a-z0-9-]+/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*?)(?:\.git)?"
)
"""A repository on GitHub whose name a registry can have; github.com/distribution/reference."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why the origin cannot be named."""

    reason: str


def generator_for(target: Path, git: Git) -> str | Unknown:
    """Return what the jobs of a new repository at ``target`` are to install, or why that is not known."""
    home = Path(__file__).parents[3]
    if (home / "pyproject.toml").is_file():
        return of_checkout(home, target, git)
    return of_installed(_direct_url(), target, git)


def _direct_url() -> str | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:
        return None


def of_installed(direct_url: str | None, target: Path, git: Git) -> str | Unknown:
    """Return the origin of an installed package by its ``direct_url.json``.

    Source: packaging.python.org/en/latest/specifications/direct-url-data-structure; a package of an index has none.
    """
    if direct_url is None:
        return Unknown(
            "image-matrix was installed from a package index, and nothing says that runners ask the same one"
        )
    data = json.loads(direct_url)
    if "vcs_info" in data:
        address, commit = public_address(data["url"]), data["vcs_info"]["commit_id"]
        return (
            _at(address, commit) if address else Unknown(f"runners cannot reach {urlsplit(data['url']).path}")
        )
    path = Path(unquote(urlsplit(data["url"]).path))
    return (
        of_checkout(path, target, git)
        if "dir_info" in data
        else Unknown(f"image-matrix was installed from {path}")
    )


def of_checkout(home: Path, target: Path, git: Git) -> str | Unknown:
    """Return the origin of a checkout: its path where it lies in the new repository, else a commit that is public."""
    inside = home.resolve().is_relative_to(target.resolve())
    if inside:
        return f"./{home.resolve().relative_to(target.resolve()).as_posix()}{EXTRA}"
    top = git(home, ("rev-parse", "--show-toplevel"))
    if top is None or Path(top).resolve() != home.resolve():
        return Unknown(f"image-matrix runs from {home}, which is not a git checkout")
    commit = git(home, ("rev-parse", "HEAD"))
    if commit is None:
        return Unknown(f"the checkout {home} has no commit")
    pushed = git(home, ("for-each-ref", "--format=%(refname)", "--contains", commit, "refs/remotes")) or ""
    names = dict.fromkeys(line.split("/")[2] for line in pushed.splitlines())
    for name in sorted(names, key=lambda name: name != "origin"):
        address = public_address(git(home, ("remote", "get-url", name)) or "")
        if address:
            return _at(address, commit)
    return Unknown(
        f"the commit {commit[:12]} of the checkout {home} is in no remote repository that runners can reach"
    )


def public_address(remote: str) -> str | None:
    """Return the https address of a git remote, without a login; ``None`` where it has none."""
    match = _SCP.fullmatch(remote)
    if match and "://" not in remote:
        return _https(match[1], match[2])
    parts = urlsplit(remote)
    if parts.scheme == "ssh" and parts.hostname:
        return _https(parts.hostname, parts.path)
    if parts.scheme == "https" and parts.hostname:
        return _https(f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname, parts.path)
    return None


def _https(host: str, path: str) -> str:
    return f"https://{host.lower()}/{path.strip('/')}"


def _at(address: str, commit: str) -> str:
    return f"{DISTRIBUTION}{EXTRA} @ git+{address}@{commit}"


def registry_for(target: Path, git: Git) -> str | None:
    """Return GitHub's registry for a repository that is GitHub's; ``None`` for another one, or none at all."""
    top = git(target, ("rev-parse", "--show-toplevel")) if target.is_dir() else None
    if top is None or Path(top).resolve() != target.resolve():
        return None
    address = public_address(git(target, ("remote", "get-url", "origin")) or "") or ""
    match = _GITHUB.fullmatch(address.lower())
    return f"ghcr.io/{match['path']}" if match else None
