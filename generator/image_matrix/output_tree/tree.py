"""Compares rendered files with the disk, writes the changes atomically, and removes files no longer rendered."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from image_matrix.errors import EnvironmentFailure, of_the_system
from image_matrix.output_tree import manifest as manifests
from image_matrix.output_tree.atomic import flush, flush_folder, put, staging
from image_matrix.output_tree.files import File, read_file
from image_matrix.output_tree.preflight import refuse_obstacles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from image_matrix.output_tree.atomic import Staged

ChangeKind = Literal["add", "change", "remove"]


@dataclass(frozen=True, slots=True)
class Change:
    """A path at which the disk and the rendering differ."""

    path: str
    kind: ChangeKind
    before: bytes | None
    after: File | None
    edited: bool = False
    """Whether the file on disk is not as generated: it was edited by hand, or never generated."""
    unknown_line: int | None = None
    """In a merge, the number of the first line that no side generated."""

    @property
    def only_line_ends(self) -> bool:
        """Whether the file on disk differs from the rendered one only by CRLF instead of LF."""
        if self.before is None or self.after is None or self.before == self.after.content:
            return False
        return _with_lf(self.before) == _with_lf(self.after.content)


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes between the disk and the rendered files, with the manifest of the disk."""

    changes: tuple[Change, ...]
    recorded: Mapping[str, tuple[str, ...]]
    rendered: Mapping[str, File]

    @property
    def outputs(self) -> tuple[Change, ...]:
        """The changes without the one of the manifest."""
        return tuple(change for change in self.changes if change.path != manifests.MANIFEST)

    @property
    def edited(self) -> tuple[Change, ...]:
        """Changes that would overwrite or remove somebody's work."""
        return tuple(change for change in self.changes if change.edited)


def compare(root: Path, rendered: Mapping[str, File]) -> Difference:
    """Compare the rendered files with the disk."""
    written, expected = (
        read_file(root / manifests.MANIFEST),
        File(manifests.write(manifests.manifest_of(rendered))),
    )
    recorded = manifests.read(written.content.decode("utf-8", "replace") if written else None)
    changes = [*_changed(root, rendered, recorded), *_removed(root, rendered, recorded)]
    if written is None:
        changes.append(Change(manifests.MANIFEST, "add", None, expected))
    elif written.content != expected.content:
        changes.append(Change(manifests.MANIFEST, "change", written.content, expected))
    return Difference(tuple(sorted(changes, key=lambda change: change.path)), recorded, rendered)


def _changed(
    root: Path, rendered: Mapping[str, File], recorded: Mapping[str, tuple[str, ...]]
) -> Iterator[Change]:
    for path, file in rendered.items():
        before = read_file(root / path)
        if before is None:
            yield Change(path, "add", None, file)
        elif not _same(before, file):
            known = (manifests.digest(file.content), *recorded.get(path, ()))
            yield Change(
                path, "change", before.content, file, edited=not _is_generated(before.content, known)
            )


def _removed(
    root: Path, rendered: Mapping[str, File], recorded: Mapping[str, tuple[str, ...]]
) -> Iterator[Change]:
    for path, digests in recorded.items():
        before = None if path in rendered or not _inside(path) else read_file(root / path)
        if before is not None:
            yield Change(
                path, "remove", before.content, None, edited=not _is_generated(before.content, digests)
            )


def _is_generated(content: bytes, digests: Collection[str]) -> bool:
    """Say whether a file is as generated, ignoring line ends.

    An empty file does not count as an edit: a power failure leaves empty files, or zeros.
    """
    forms = dict.fromkeys((content, _with_lf(content)))
    return not content.strip(b"\0") or any(manifests.digest(form) in digests for form in forms)


def _with_lf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n")


def _inside(path: str) -> bool:
    """Say whether a path is inside the repository; the manifest of a pull request could name others."""
    return not path.startswith("/") and ".." not in path.split("/") and ":" not in path


def apply(root: Path, difference: Difference, beside: Mapping[str, File] | None = None) -> None:
    """Write and remove what differs, and write ``beside``: files that are not generated.

    All files are written to a temporary folder before the first one changes. Raises
    :class:`image_matrix.errors.EnvironmentFailure` if that fails; nothing has changed then. If it is interrupted later,
    the next call completes the changes.
    """
    outputs = {change.path: change.after for change in difference.outputs if change.after is not None}
    written, removed = {**(beside or {}), **outputs}, [c.path for c in difference.changes if c.after is None]
    if not (written or difference.changes):
        return
    refuse_obstacles(root, (*written, manifests.MANIFEST), set(removed))
    before, after = _manifests(difference)
    files = [(manifests.MANIFEST, before), *written.items(), (manifests.MANIFEST, after)]
    with _staged(root, [(root / path, file) for path, file in files]) as ((journal, *others), spare):
        put(journal, spare)
        flush_folder(root)
        # removals first: a file may become a folder, or a folder a file
        for path in removed:
            _remove(root, root / path)
        for item in others:
            put(item, spare)


@contextmanager
def _staged(root: Path, files: Sequence[tuple[Path, File]]) -> Iterator[tuple[list[Staged], list[Path]]]:
    """Write files to a temporary folder; the first and the last are the manifest, which is flushed to the disk."""
    with ExitStack() as stack:
        try:
            staged, spare = stack.enter_context(staging(root, files))
            flush(staged[0].temporary)
            flush(staged[-1].temporary)
        except OSError as error:
            failure = of_the_system(error)
            raise EnvironmentFailure(failure.message, f"{failure.help}; nothing was written") from error
        yield staged, spare


def _manifests(difference: Difference) -> tuple[File, File]:
    """Return the manifest for the time of writing, with old and new digests, and the final one."""
    final = manifests.manifest_of(difference.rendered)
    journal = {
        path: tuple(dict.fromkeys((*difference.recorded.get(path, ()), *new))) for path, new in final.items()
    }
    journal |= {path: old for path, old in difference.recorded.items() if path not in final}
    return File(manifests.write(journal)), File(manifests.write(final))


def _remove(root: Path, path: Path) -> None:
    """Remove a file and the folders that it leaves empty."""
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == root:
            return
        try:
            folder.rmdir()
        except OSError:
            return


def _same(existing: File, file: File) -> bool:
    if os.name == "posix":
        return existing == file
    return existing.content == file.content  # Windows has neither mode nor link to compare
