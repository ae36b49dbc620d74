"""A repository on disk: its matrix, overlays, templates and lock as texts. The only reader of input files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generator.diagnostics import MatrixError, Place, Rule, diagnostic
from generator.diagnostics import catalogue as rules
from generator.matrix.document import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.render.file import File
    from generator.render.templates import Templates

MATRIX = "matrix.yaml"
LOCK = "matrix.lock.yaml"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that rendering depends on, already read."""

    texts: Mapping[str, str]
    """The matrix and its overlays: name as the user gave it, to text."""
    templates: Templates
    lock: str | None = None
    """Text of the lock, where there is one."""


def read_inputs(root: Path, matrix: str = MATRIX, overlays: tuple[str, ...] = ()) -> Inputs:
    """Read a repository.

    ``matrix`` is relative to ``root``, overlays to the working directory. Raises :class:`MatrixError` where a file
    cannot be read.
    """
    texts = {matrix: read_text(root / matrix, matrix)}
    texts |= {overlay: read_text(Path(overlay), overlay) for overlay in overlays}
    lock = root / LOCK
    return Inputs(texts, read_templates(root), read_text(lock, LOCK) if lock.is_file() else None)


def read_text(path: Path, name: str) -> str:
    """Read a text file, or raise :class:`MatrixError` that names it."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(
                rules.TOO_LARGE, name, f"{path.stat().st_size / 1e6:.0f} MB, at most 16", "split it up"
            )
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError as error:
        advice = "run `image-matrix init`, or name the folder with -C" if name == MATRIX else "check the path"
        raise _refused(rules.UNREADABLE, name, "there is no such file", advice) from error
    except UnicodeDecodeError as error:
        raise _refused(
            rules.UNREADABLE, name, f"not UTF-8 (byte {error.start})", "save it as UTF-8"
        ) from error
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise _refused(rules.UNREADABLE, name, problem, "check the path and its permissions") from error


def _refused(rule: Rule, name: str, problem: str, advice: str) -> MatrixError:
    return MatrixError([diagnostic(rule, Place(name, 0, 0), file=name, problem=problem, advice=advice)])


def builtin_templates() -> Path:
    """Return the folder of the templates that come with image-matrix."""
    packaged = Path(__file__).parent / "builtin_templates"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "templates"


def read_templates(root: Path) -> Templates:
    """Read the templates: a repository's own files take the place of those that come with image-matrix."""
    from generator.render.templates import Templates

    dockerfiles: dict[str, str] = {}
    workflows: dict[str, str] = {}
    rootfs: dict[str, dict[str, File]] = {}
    for folder in dict.fromkeys((builtin_templates(), (root / "templates").resolve())):
        dockerfiles |= _texts(folder / "dockerfiles")
        workflows |= _texts(folder / "workflows")
        for kind in (item for item in _entries(folder / "rootfs") if item.is_dir()):
            rootfs[kind.name] = {**rootfs.get(kind.name, {}), **_tree(kind)}
    return Templates(dockerfiles, rootfs, workflows)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: _lf(path.read_bytes()).decode() for path in _entries(folder) if path.suffix == ".j2"}


def _tree(folder: Path) -> dict[str, File]:
    from generator.render.file import File

    found = {}
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            found[path.relative_to(folder).as_posix()] = File(_lf(path.read_bytes()), executable=True)
    return found


def _lf(content: bytes) -> bytes:
    """Undo what a checkout with CRLF did to a text; binary files stay."""
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")
