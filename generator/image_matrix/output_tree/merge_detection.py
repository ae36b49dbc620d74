"""Detects generated files that git has merged, so that they do not count as hand edits.

Two branches that both render change the same generated files. git merges these line by line: the result has conflict
markers, or is a text that neither side rendered. Such files are rendered again without ``--force``, since each of their
lines is a conflict marker or was generated on one side. Any other line was typed in during the merge, or committed by
hand on one side, and is an edit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.git import batch_contents, run_git
from image_matrix.output_tree import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from image_matrix.output_tree.tree import Change, Difference

_ONGOING = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD", ":2", ":3")
"""The other sides of an uncommitted merge, beside ``HEAD``; the last two are the files in conflict in git's index."""
_COMMITTED = ("HEAD^1", "HEAD^2")
_BASE = ":1"
_MARKERS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of some paths in git: revision to path to bytes."""

    contents: Mapping[str, Mapping[str, bytes]]

    @property
    def sides(self) -> tuple[str, ...]:
        """The revisions that are merged; empty if there is no merge."""
        ongoing = [side for side in _ONGOING if self.contents[side]]
        if ongoing:
            return ("HEAD", *ongoing)
        return _COMMITTED if self.contents["HEAD^2"] else ()

    def generated(self) -> dict[str, set[str]]:
        """Return the digests of the files that the sides generated, by path."""
        known: dict[str, set[str]] = {}
        for side in self.sides:
            recorded = manifests.read(
                self.contents[side].get(manifests.MANIFEST, b"").decode("utf-8", "replace")
            )
            for path, digests in recorded.items():
                known.setdefault(path, set()).update(digests)
        return known


def ignore_merge_results(root: Path, difference: Difference) -> Difference:
    """Return the difference, with files that git merged from generated ones marked as not edited.

    If a merged file has a line that no side generated, its change has the number of this line.
    """
    versions = read_versions(root, [change.path for change in difference.edited])
    if not versions.sides:
        return difference
    known = versions.generated()
    changes = (
        _without_merge_result(change, versions, known.get(change.path, set())) if change.edited else change
        for change in difference.changes
    )
    return replace(difference, changes=tuple(changes))


def _without_merge_result(change: Change, versions: Versions, digests: set[str]) -> Change:
    path, before = change.path, change.before or b""
    if manifests.digest(before) in digests:
        return replace(change, edited=False)
    if versions.sides == _COMMITTED and before != versions.contents["HEAD"].get(path):
        return change  # edited after the merge
    merged = {versions.contents[side][path] for side in versions.sides if path in versions.contents[side]}
    if len(merged) < 2 or any(manifests.digest(content) not in digests for content in merged):
        return change
    unknown_line = first_unknown_line(before, [*merged, versions.contents[_BASE].get(path, b"")])
    return replace(change, edited=unknown_line is not None, unknown_line=unknown_line)


def first_unknown_line(text: bytes, versions: Sequence[bytes]) -> int | None:
    """Return the number of the first line that is neither a conflict marker nor in any version, or ``None``."""
    known = {line for version in versions for line in version.split(b"\n")}
    lines = enumerate(text.split(b"\n"), start=1)
    return next((number for number, line in lines if line not in known and not is_marker(line)), None)


def is_marker(line: bytes) -> bool:
    """Say whether a line is a conflict marker of git."""
    return line[:7] in _MARKERS and line[7:8] in (b"", b" ", b"\r")


def read_versions(root: Path, paths: Sequence[str]) -> Versions:
    """Read files, and the manifest, from all sides of a merge with one git process; nothing without git."""
    revisions = ("HEAD", *_ONGOING, *_COMMITTED, _BASE)
    requests = [(revision, path) for revision in revisions for path in (*paths, manifests.MANIFEST)]
    names = "".join(f"{revision}:./{path}\n" for revision, path in requests)
    contents: dict[str, dict[str, bytes]] = {revision: {} for revision in revisions}
    for (revision, path), content in zip(requests, batch_contents(_cat_file(root, names)), strict=False):
        if content is not None:
            contents[revision][path] = content
    return Versions(contents)


def _cat_file(root: Path, names: str) -> bytes:
    try:
        return run_git(root, "cat-file", "--batch", stdin=names.encode()).stdout
    except EnvironmentFailure:
        return b""
