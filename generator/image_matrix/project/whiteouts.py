"""Lays the template files of a repository over the built-in ones.

An empty file ``.wh.NAME`` removes the file or folder ``NAME``; ``.wh..wh..opq`` removes everything in its folder.
Layers of images remove files the same way (opencontainers/image-spec, layer.md, "Whiteouts").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import Place, diagnostic, did_you_mean
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.output_tree.files import File

PREFIX = ".wh."
OPAQUE = ".wh..wh..opq"
ROOTFS = "rootfs/"


def is_whiteout(path: str) -> bool:
    """Return whether a file is a whiteout."""
    return path.rpartition("/")[2].startswith(PREFIX)


def target(whiteout: str) -> str:
    """Return the path of the file or folder that a whiteout removes."""
    folder, slash, name = whiteout.rpartition("/")
    return folder if name == OPAQUE else f"{folder}{slash}{name.removeprefix(PREFIX)}"


def laid_over(lower: Mapping[str, File], upper: Mapping[str, File]) -> dict[str, File]:
    """Return the files of both, sorted by path. Those of ``upper`` win, and its whiteouts remove those of ``lower``."""
    added = {path: file for path, file in upper.items() if not is_whiteout(path)}
    folders = {folder for path in added for folder in _above(path)}
    kept = {
        path: file
        for path, file in _without_removed(lower, upper).items()
        if path not in folders and added.keys().isdisjoint(_above(path))
    }
    return dict(sorted({**kept, **added}.items()))


def faults(lower: Mapping[str, File], upper: Mapping[str, File]) -> Iterator[Diagnostic]:
    """Yield the problems of the files of ``templates/`` on top of the built-in ones."""
    builtin, kept = _tree(lower), _tree(_without_removed(lower, upper))
    for path, file in upper.items():
        wrong = _wrong_whiteout(path, file, builtin) if is_whiteout(path) else _wrong_type(path, kept)
        if wrong:
            problem, advice = wrong
            place = Place(f"templates/{path}", 0, 0)
            yield diagnostic(rules.BAD_WHITEOUT, place, problem=problem, advice=advice)


def _without_removed(lower: Mapping[str, File], upper: Mapping[str, File]) -> dict[str, File]:
    removed = {target(path) for path in upper if is_whiteout(path)}
    return {path: file for path, file in lower.items() if removed.isdisjoint((path, *_above(path)))}


def _above(path: str) -> list[str]:
    """Return the folders above a path, the nearest first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]


def _tree(files: Mapping[str, File]) -> dict[str, str]:
    """Return each path with ``file`` or ``folder``."""
    folders = {folder: "folder" for path in files for folder in _above(path)}
    return {**folders, **dict.fromkeys(files, "file")}


def _wrong_whiteout(path: str, file: File, builtin: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the problem of a whiteout, and the remedy."""
    if not path.startswith(ROOTFS):
        return f"a name with `{PREFIX}` removes files below templates/rootfs only", "delete this file"
    if file.symlink or file.content:
        return "a file that removes another one must be empty", f"empty it, or take `{PREFIX}` from its name"
    if target(path) in builtin:
        return None
    folder, _, name = target(path).rpartition("/")
    beside = [other.rpartition("/")[2] for other in builtin if other.rpartition("/")[0] == folder]
    near = did_you_mean(name, beside) if beside else ""
    problem = f"image-matrix has no templates/{target(path)} that this file could remove"
    return problem, f"delete this file{f'; {near}' if near else ''}"


def _wrong_type(path: str, kept: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the problem of a path that is a file in one tree and a folder in the other, and the remedy."""
    types = {path: "file", **dict.fromkeys(_above(path), "folder")}
    clash = next((place for place, type_ in types.items() if kept.get(place, type_) != type_), None)
    if clash is None or not path.startswith(ROOTFS):
        return None
    folder, _, name = clash.rpartition("/")
    problem = f"templates/{clash} is a {types[clash]}, but image-matrix has a {kept[clash]} of that name"
    return problem, f"rename it, or remove the other one with an empty file templates/{folder}/{PREFIX}{name}"
