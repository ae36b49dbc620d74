"""Rendered files against the disk: what differs, writing atomically, removing what is no longer rendered."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from image_matrix.output_tree import manifest as manifests
from image_matrix.output_tree.files import File
from image_matrix.output_tree.preflight import refuse_obstacles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Kind = Literal["add", "change", "remove"]


@dataclass(frozen=True, slots=True)
class Change:
    """A path at which the disk and the rendering differ."""

    path: str
    kind: Kind
    before: bytes | None
    after: File | None
    edited: bool = False
    """Whether the file on disk is not what was generated: edited by hand, or never ours."""
    foreign: int | None = None
    """In a merge, the first line of it that was generated on no side."""


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes, and the manifest that goes with the rendering."""

    changes: tuple[Change, ...]
    recorded: Mapping[str, tuple[str, ...]]
    rendered: Mapping[str, File]

    @property
    def outputs(self) -> tuple[Change, ...]:
        """The changes without that of the manifest, which only follows them."""
        return tuple(change for change in self.changes if change.path != manifests.MANIFEST)

    @property
    def edited(self) -> tuple[Change, ...]:
        """Changes that would overwrite or remove somebody's work."""
        return tuple(change for change in self.changes if change.edited)


def compare(root: Path, rendered: Mapping[str, File]) -> Difference:
    """Compare the rendering with the disk."""
    written, due = _read(root / manifests.MANIFEST), File(manifests.write(manifest_of(rendered)))
    recorded = manifests.read(written.content.decode("utf-8", "replace") if written else None)
    changes = [*_changed(root, rendered, recorded), *_removed(root, rendered, recorded)]
    if written is None:
        changes.append(Change(manifests.MANIFEST, "add", None, due))
    elif written.content != due.content:
        changes.append(Change(manifests.MANIFEST, "change", written.content, due))
    return Difference(tuple(sorted(changes, key=lambda change: change.path)), recorded, rendered)


def manifest_of(rendered: Mapping[str, File]) -> dict[str, tuple[str, ...]]:
    """Return the manifest of a rendering."""
    return {path: (manifests.digest(file.content),) for path, file in rendered.items()}


def _changed(
    root: Path, rendered: Mapping[str, File], recorded: Mapping[str, tuple[str, ...]]
) -> Iterator[Change]:
    for path, file in rendered.items():
        before = _read(root / path)
        if before is None:
            yield Change(path, "add", None, file)
        elif not _same(before, file):
            ours = before.content == file.content or manifests.digest(before.content) in recorded.get(
                path, ()
            )
            yield Change(path, "change", before.content, file, edited=not ours)


def _removed(
    root: Path, rendered: Mapping[str, File], recorded: Mapping[str, tuple[str, ...]]
) -> Iterator[Change]:
    for path, digests in recorded.items():
        before = None if path in rendered or not _inside(path) else _read(root / path)
        if before is not None:
            edited = manifests.digest(before.content) not in digests
            yield Change(path, "remove", before.content, None, edited=edited)


def _inside(path: str) -> bool:
    """A manifest from a pull request must not name files outside the repository."""
    return not path.startswith("/") and ".." not in path.split("/") and ":" not in path


def apply(root: Path, difference: Difference) -> None:
    """Write and remove what differs; interrupted, the next call ends the work.

    Raises :class:`image_matrix.errors.EnvironmentFailure`, before anything is written, where that would end half way.
    """
    if not difference.changes:
        return
    written = (change.path for change in difference.changes if change.after is not None)
    refuse_obstacles(root, written, {change.path for change in difference.changes if change.after is None})
    _sweep(root, difference.recorded)
    final = manifest_of(difference.rendered)
    journal = {
        path: tuple(dict.fromkeys((*difference.recorded.get(path, ()), *new))) for path, new in final.items()
    }
    journal |= {path: old for path, old in difference.recorded.items() if path not in final}
    write_atomically(root / manifests.MANIFEST, File(manifests.write(journal)))
    # removals first: a file may become a folder, or a folder a file
    for change in sorted(difference.outputs, key=lambda change: change.after is not None):
        if change.after is None:
            _remove(root, root / change.path)
        else:
            write_atomically(root / change.path, change.after)
    write_atomically(root / manifests.MANIFEST, File(manifests.write(final)))


TEMPORARY = ".image-matrix-"
"""How the names of files start that are not yet in place."""


def _sweep(root: Path, recorded: Mapping[str, tuple[str, ...]]) -> None:
    """Remove what a killed run left half written; its journal, with two digests for a path, is still there then."""
    if all(len(digests) == 1 for digests in recorded.values()):
        return
    for folder in {(root / path).parent for path in recorded if _inside(path)}:
        for left in folder.glob(f"{TEMPORARY}*"):
            left.unlink()


def write_atomically(path: Path, file: File) -> None:
    """Put a file in place whole or not at all; an :class:`OSError` names that place."""
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}")
    make = _make_link if file.symlink else _make_file
    try:
        try:
            make(temporary, file)
        except FileNotFoundError:
            # a folder is made where it is missing: asking first would cost a third of the time
            path.parent.mkdir(parents=True, exist_ok=True)
            make(temporary, file)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _make_file(path: Path, file: File) -> None:
    with path.open("wb", buffering=0) as stream:
        stream.write(file.content)
    path.chmod(0o755 if file.executable else 0o644)


def _make_link(path: Path, file: File) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(file.content.decode())


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


def _read(path: Path) -> File | None:
    """Return what stands at a path, or ``None`` where there is no file."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return File(os.readlink(path).encode(), symlink=True)  # noqa: PTH115 - Path.readlink changes `./x` to `x`
        with path.open("rb", buffering=0) as stream:
            return File(stream.read(), executable=bool(mode & 0o100))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _same(found: File, file: File) -> bool:
    if os.name == "posix":
        return found == file
    return found.content == file.content  # Windows has neither mode nor link to compare
