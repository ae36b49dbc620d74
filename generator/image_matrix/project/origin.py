"""Finds out where this program was installed from, for ``workflow.generator`` of a new repository.

The result is never a name on a package index: it is unknown which index runners use, and anybody can register an unused
name on it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from image_matrix.config.release import GITHUB_REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Git = Callable[[Path, Sequence[str]], str | None]
    """Runs git in a folder; returns its output, or ``None`` if it fails."""

DISTRIBUTION = "image-matrix"
EXTRA = "[locked]"
_SCP = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!/)(.+)")
"""``git@github.com:OWNER/NAME.git``; git-scm.com/docs/git-clone#_git_urls."""

_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*?"
_GITHUB = re.compile(rf"https://github\.com/(?P<path>[a-z0-9-]+/{_COMPONENT})(?:\.git)?")
"""A repository on GitHub whose name is valid in a registry; github.com/distribution/reference."""
_GITLAB = re.compile(rf"https://gitlab\.com/(?P<path>(?:{_COMPONENT}/)+{_COMPONENT})(?:\.git)?")
"""A project on gitlab.com, also one of a subgroup."""
_OTHER_HOST = re.compile(
    r"(.+\.)?(gitlab|gitea|forgejo|codeberg|bitbucket|sr\.ht|azure|visualstudio)(\..+)?", re.IGNORECASE
)
"""Hosts whose name says that they run something else than GitHub."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The reason why the origin is unknown."""

    reason: str


def generator_for(target: Path, git: Git) -> str | Unknown:
    """Return what the jobs of a new repository at ``target`` install, or why that is unknown."""
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

    A package from an index has no such file. Source:
    packaging.python.org/en/latest/specifications/direct-url-data-structure.
    """
    if direct_url is None:
        return Unknown("image-matrix was installed from a package index, and runners may use another index")
    data = json.loads(direct_url)
    if "vcs_info" in data:
        address, commit = public_address(data["url"]), data["vcs_info"]["commit_id"]
        return (
            _at(address, commit) if address else Unknown(f"runners cannot reach {urlsplit(data['url']).path}")
        )
    path = Path(unquote(urlsplit(data["url"]).path))
    if "dir_info" in data:
        return of_checkout(path, target, git)
    return _inside(path, target) or Unknown(
        f"image-matrix was installed from {path}, which is not in the new repository"
    )


def of_checkout(home: Path, target: Path, git: Git) -> str | Unknown:
    """Return the origin of a checkout: its path if it is in the new repository, else a public commit."""
    inside = _inside(home, target)
    if inside:
        return inside
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


def _inside(path: Path, target: Path) -> str | None:
    """Return the path of a checkout or a wheel as the jobs name it, if it is in the new repository."""
    if not path.resolve().is_relative_to(target.resolve()):
        return None
    return f"./{path.resolve().relative_to(target.resolve()).as_posix()}{EXTRA}"


def public_address(remote: str) -> str | None:
    """Return the https address of a git remote without its login, or ``None`` if it does not have one."""
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


def branch_for(target: Path, git: Git) -> str | None:
    """Return the default branch of a repository: that of its remote, else the one that is checked out."""
    if not _is_top(target, git):
        return None
    remote = git(target, ("symbolic-ref", "--short", f"refs/remotes/{remote_name(target, git)}/HEAD"))
    return remote.partition("/")[2] if remote else git(target, ("symbolic-ref", "--short", "HEAD"))


def address_of(target: Path, git: Git) -> str | None:
    """Return the https address of a repository's remote, or ``None`` if it has no public one."""
    if not _is_top(target, git):
        return None
    return public_address(git(target, ("remote", "get-url", remote_name(target, git))) or "")


def registry_for(address: str) -> str | None:
    """Return the registry that belongs to a repository on GitHub or on gitlab.com, else ``None``.

    Source: docs.gitlab.com/user/packages/container_registry.
    """
    for pattern, host in ((_GITHUB, GITHUB_REGISTRY), (_GITLAB, "registry.gitlab.com")):
        if match := pattern.fullmatch(address.lower()):
            return f"{host}/{match['path']}"
    return None


def runs_github_actions(address: str) -> bool:
    """Return whether the host of a repository may be a GitHub: one that is known to be another one is not."""
    return not _OTHER_HOST.fullmatch(urlsplit(address).hostname or "")


def _is_top(target: Path, git: Git) -> bool:
    top = git(target, ("rev-parse", "--show-toplevel")) if target.is_dir() else None
    return top is not None and Path(top).resolve() == target.resolve()


def remote_name(target: Path, git: Git) -> str:
    """Return the name of the remote: the only one, or ``origin``."""
    names = (git(target, ("remote",)) or "").split()
    return names[0] if len(names) == 1 else "origin"
