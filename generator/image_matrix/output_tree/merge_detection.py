"""Generated files in a git merge: what git has put together from generated versions is nobody's edit.

Two branches that both render change the same generated files. git merges those line by line, into texts with conflict
markers or, where the changes are far enough apart, into texts that neither side rendered. Both are written anew without
asking, since nothing of anybody's own is in them: each line is a marker of git's or was generated on a side of the
merge. A line that was not, typed into the file meanwhile or committed by hand on one side, is an edit as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.git import run_git
from image_matrix.output_tree import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from image_matrix.output_tree.tree import Change, Difference

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD", ":2", ":3")
"""The sides of a merge that is not committed yet, beside ``HEAD``; the last two are git's index: files in conflict."""
_COMMITTED = ("HEAD^1", "HEAD^2")
_BASE = ":1"
_MARKERS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")


@dataclass(frozen=True, slots=True)
class Versions:
    """What git has of some paths: revision to path to bytes."""

    found: Mapping[str, Mapping[str, bytes]]

    @property
    def sides(self) -> tuple[str, ...]:
        """The revisions that are merged; none where there is no merge."""
        under_way = [side for side in _UNDER_WAY if self.found[side]]
        if under_way:
            return ("HEAD", *under_way)
        return _COMMITTED if self.found["HEAD^2"] else ()

    def generated(self) -> dict[str, set[str]]:
        """Return the digests of what any side generated, by path."""
        known: dict[str, set[str]] = {}
        for side in self.sides:
            recorded = manifests.read(
                self.found[side].get(manifests.MANIFEST, b"").decode("utf-8", "replace")
            )
            for path, digests in recorded.items():
                known.setdefault(path, set()).update(digests)
        return known


def settle(root: Path, difference: Difference) -> Difference:
    """Return the difference with files that were merged from generated ones as not edited.

    Where a merged file has a line that no side generated, its change says which.
    """
    versions = read_versions(root, [change.path for change in difference.edited])
    if not versions.sides:
        return difference
    known = versions.generated()
    changes = (
        _settled(change, versions, known.get(change.path, set())) if change.edited else change
        for change in difference.changes
    )
    return replace(difference, changes=tuple(changes))


def _settled(change: Change, versions: Versions, digests: set[str]) -> Change:
    path, before = change.path, change.before or b""
    if manifests.digest(before) in digests:
        return replace(change, edited=False)
    if versions.sides == _COMMITTED and before != versions.found["HEAD"].get(path):
        return change  # edited after the merge
    merged = {versions.found[side][path] for side in versions.sides if path in versions.found[side]}
    if len(merged) < 2 or any(manifests.digest(content) not in digests for content in merged):
        return change
    foreign = foreign_line(before, [*merged, versions.found[_BASE].get(path, b"")])
    return replace(change, edited=foreign is not None, foreign=foreign)


def foreign_line(text: bytes, versions: Sequence[bytes]) -> int | None:
    """Return the number of the first line that is no conflict marker and stands in no version; ``None`` without one."""
    known = {line for version in versions for line in version.split(b"\n")}
    lines = enumerate(text.split(b"\n"), start=1)
    return next((number for number, line in lines if line not in known and not is_marker(line)), None)


def is_marker(line: bytes) -> bool:
    """Say whether git writes such a line around a conflict."""
    return line[:7] in _MARKERS and line[7:8] in (b"", b" ", b"\r")


def read_versions(root: Path, paths: Sequence[str]) -> Versions:
    """Read files, and the manifest, from all sides of a merge with one git process; without git there are none."""
    revisions = ("HEAD", *_UNDER_WAY, *_COMMITTED, _BASE)
    asked = [(revision, path) for revision in revisions for path in (*paths, manifests.MANIFEST)]
    names = "".join(f"{revision}:./{path}\n" for revision, path in asked)
    found: dict[str, dict[str, bytes]] = {revision: {} for revision in revisions}
    for (revision, path), content in zip(asked, _contents(_cat_file(root, names)), strict=False):
        if content is not None:
            found[revision][path] = content
    return Versions(found)


def _cat_file(root: Path, names: str) -> bytes:
    try:
        return run_git(root, "cat-file", "--batch", stdin=names.encode()).stdout
    except EnvironmentFailure:
        return b""


def _contents(output: bytes) -> Iterator[bytes | None]:
    """Split what ``git cat-file --batch`` prints; ``None`` for what git has not."""
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        header, position = output[position:end], end + 1
        if header.endswith(b" missing"):
            yield None
            continue
        size = int(header.rpartition(b" ")[2])
        yield output[position : position + size]
        position += size + 1
