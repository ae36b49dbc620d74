"""Checks the address of a Python requirement (``name @ ADDRESS``): it has to name the same files for ever.

Source of the form: packaging.python.org, "Direct URL references" and "Direct URL data structure".
"""

from __future__ import annotations

import re

COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH = re.compile(r"(?:^|&)sha256=[0-9a-f]{64}(?:&|$)")
_FOLDER = re.compile(r"subdirectory=[A-Za-z0-9._/-]+")
_GIT = ("git+https", "git+http")
_FILES = (".whl", ".tar.gz", ".zip")


def problem(address: str) -> str | None:
    """Return what is wrong with an address and what to write; ``None`` if it is that of a commit or of known bytes."""
    scheme, _, rest = address.partition("://")
    if ";" in rest:
        return "put a space before the `;` of a marker behind an address"
    if scheme in _GIT:
        return _git_problem(address)
    if scheme in ("https", "http"):
        return _file_problem(address)
    if "git" in scheme.split("+") or scheme == "ssh":
        path = re.sub(r"^[^/@]*@", "", rest)
        return f"`{scheme}` is not supported; write `git+https://{path}`"
    return f"`{scheme}` is not supported; write `git+https://HOST/REPOSITORY@COMMIT`, or the `https` address of a file"


def _git_problem(address: str) -> str | None:
    repository, fragment = _without_fragment(address)
    path, at, revision = repository.rpartition("@")
    url = (path if at and "://" in path else repository).removeprefix("git+")
    if not at or "://" not in path:
        return (
            f"the commit is missing; write `@COMMIT` behind the address: `git ls-remote {url} HEAD` prints it"
        )
    if not COMMIT.fullmatch(revision):
        look_up = f"`git ls-remote {url} {revision}` prints it"
        return f"`{revision}` can become another commit; write the 40 digits of the commit: {look_up}"
    if fragment and not _FOLDER.fullmatch(fragment):
        return f"`#{fragment}` is not supported; remove it, or write `#subdirectory=FOLDER`"
    return None


def _file_problem(address: str) -> str | None:
    file, fragment = _without_fragment(address)
    if not file.endswith(_FILES):
        likely = (
            ", or `git+https://…@COMMIT` for a repository" if file.endswith(".git") or "@" in file else ""
        )
        return (
            f"the address names no file that pip installs; it ends with `.whl`, `.tar.gz` or `.zip`{likely}"
        )
    if not _HASH.search(fragment):
        look_up = f"`curl --location {file} | sha256sum` prints it"
        return f"the checksum is missing; write `#sha256=HASH` behind the address: {look_up}"
    return None


def _without_fragment(address: str) -> tuple[str, str]:
    before, _, fragment = address.partition("#")
    return before, fragment


def commit_of(address: str) -> str | None:
    """Return the commit that the address of a git repository names, or ``None``."""
    revision = _without_fragment(address)[0].rpartition("@")[2]
    return revision if address.startswith(_GIT) and COMMIT.fullmatch(revision) else None
