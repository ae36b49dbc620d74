"""Recalls the verdict of the last ``check`` while every byte that it read is the same.

Nothing of matrix, templates or lock is parsed for that, and nothing is rendered: rendering is a pure function of the
bytes that are hashed here. Only a verdict without errors, with all outputs up to date, is kept.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from image_matrix.output_tree import manifest as manifests
from image_matrix.output_tree.files import read_file
from image_matrix.project.fingerprint import content, digest, tree
from image_matrix.project.project_files import leads_outside, names_in
from image_matrix.project.verdict import as_json, of_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from image_matrix.json_data import Json
    from image_matrix.output_tree.files import File
    from image_matrix.project.content_cache import ContentCache
    from image_matrix.project.verdict import Verdict

LOCK = "matrix.lock.yaml"


@dataclass(frozen=True, slots=True)
class Included:
    """What was read of the files that a matrix names: they are known only when it is parsed."""

    listings: Mapping[str, list[str]]
    """Folder to the names in it."""
    inside: tuple[str, ...]
    """Paths that lead nowhere outside of the project."""
    texts: Mapping[str, str]
    """Path of an included file to the SHA-256 of its bytes."""
    present: tuple[str, ...] = ()
    """Files that settings name; of them, only that they are there counts."""


NONE_INCLUDED = Included({}, (), {})


def inputs_digest(root: Path, matrix: str, overlays: Iterable[str]) -> str | None:
    """Return the hash of all inputs but the included files; ``None`` if one cannot be read."""
    try:
        return digest(_inputs(root, matrix, overlays))
    except OSError:
        return None


def _inputs(root: Path, matrix: str, overlays: Iterable[str]) -> Iterator[bytes]:
    yield from (os.fsencode(matrix), content(root / matrix))
    for overlay in overlays:
        yield from (b"overlay", os.fsencode(overlay), content(overlay))
    if os.path.lexists(root / LOCK):
        yield from (b"lock", content(root / LOCK))
    if os.path.lexists(root / "templates"):
        yield from (b"templates", *tree(root / "templates"))


def outputs_digest(outputs: Iterable[tuple[str, File | None]]) -> str:
    """Return the hash of outputs by path, with their modes where the system has modes."""
    return digest(part for path, file in outputs for part in _output(path, file))


def _output(path: str, file: File | None) -> tuple[bytes, ...]:
    if file is None:
        return path.encode(), b"none"
    return path.encode(), file.mode.encode() if os.name == "posix" else b"", file.content


def recall(cache: ContentCache, subject: str, root: Path, inputs: str) -> tuple[Verdict, int] | None:
    """Return the verdict for inputs with this hash, and the number of outputs.

    ``None`` if there is none, or if an included file or an output has changed.
    """
    kept = cache.get(subject, inputs)
    try:
        return (of_json(kept["verdict"]), int(kept["files"])) if kept and _is_as_then(root, kept) else None
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return None


def _is_as_then(root: Path, kept: Json) -> bool:
    """Say whether the files that a kept verdict is about are the same."""
    record = read_file(root / manifests.MANIFEST)
    if record is None or manifests.digest(record.content) != kept["manifest"]:
        return False  # and no path in it is looked at: somebody else may have written it
    paths = manifests.read(record.content.decode())
    outputs = ((path, read_file(root / path)) for path in sorted(paths))
    return _includes_the_same(root, kept["included"]) and outputs_digest(outputs) == kept["outputs"]


def _includes_the_same(root: Path, included: Json) -> bool:
    return (
        all(names_in(root, folder) == names for folder, names in included["listings"].items())
        and not any(leads_outside(root, path) for path in included["inside"])
        and all(digest([content(root / path)]) == known for path, known in included["texts"].items())
        and all((root / path).is_file() for path in included["present"])
    )


def keep(
    cache: ContentCache,
    subject: str,
    inputs: str,
    included: Included,
    rendered: Mapping[str, File],
    verdict: Verdict,
) -> None:
    """Keep a verdict for inputs with this hash, whose outputs on the disk are the ``rendered`` ones."""
    kept = {
        "verdict": as_json(verdict),
        "files": len(rendered),
        "included": asdict(included),
        "manifest": manifests.digest(manifests.write(manifests.manifest_of(rendered))),
        "outputs": outputs_digest(sorted(rendered.items())),
    }
    cache.put(subject, inputs, kept)
