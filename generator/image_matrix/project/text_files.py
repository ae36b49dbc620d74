"""Reads text files, or raises a diagnostic that names the file and says why it cannot be read."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from image_matrix.config.yaml_loader import MAX_BYTES
from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from image_matrix.diagnostics import Diagnostic, Rule

MATRIX = "matrix.yaml"
"""The default name of the matrix."""
MISSPELT = "matrix.yml"
"""The same name with the other suffix of YAML files."""


def read_text(path: Path, name: str) -> str:
    """Read a text file, or raise :class:`MatrixError` that names it."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(
                rules.TOO_LARGE, name, f"{path.stat().st_size / 1e6:.0f} MB, at most 16", "split it up"
            )
        content = path.read_bytes()
    except FileNotFoundError as error:
        advice = _without_matrix(path.parent) if name == MATRIX else "check the path"
        raise _refused(rules.UNREADABLE, name, "the file does not exist", advice) from error
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise _refused(rules.UNREADABLE, name, problem, "check the path and its permissions") from error
    invalid = not_text(content, name)
    if invalid:
        raise MatrixError([invalid])
    return content.decode()


def _without_matrix(folder: Path) -> str:
    """Return the remedy for a folder without a matrix."""
    new = "`image-matrix init DIR` creates a new repository; `image-matrix -C DIR` works in an existing one"
    return matrix_elsewhere(folder) or new


def matrix_elsewhere(folder: Path) -> str | None:
    """Return what to do in a folder whose matrix has another name or is in a folder above, if it is so."""
    if (folder / MISSPELT).is_file():
        program = f"image-matrix{at_folder(folder)}"
        return f"the folder has a {MISSPELT}: rename it, or use `{program} --matrix {MISSPELT}`"
    above = matrix_above(folder.resolve().parent)
    if above is not None:
        return f"{above} has one: use `image-matrix -C {as_typed(Path(os.path.relpath(above)))}`"
    return None


def at_folder(folder: Path) -> str:
    """Return the option of this program, and of git, for a folder; empty for the one where the command was started."""
    return "" if folder.resolve() == Path.cwd() else f" -C {as_typed(folder)}"


def as_typed(folder: Path) -> str:
    """Return a folder as a word of a shell; one of ``-C`` is relative to where the command was started."""
    return shlex.quote(os.fspath(folder))


def matrix_above(folder: Path) -> Path | None:
    """Return the nearest folder with a matrix: this one, or one above it up to the top of its git repository.

    The folders above are those of the disk: the parent of ``..`` is no folder of its text.
    """
    whole = folder.resolve()
    for place in (whole, *whole.parents):
        if (place / MATRIX).is_file():
            return place
        if (place / ".git").exists():
            return None
    return None


def not_text(content: bytes, name: str) -> Diagnostic | None:
    """Return the diagnostic of a file that is not UTF-8, at the first byte that is not."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        start = content.rfind(b"\n", 0, error.start) + 1
        line = content[: error.start].count(b"\n") + 1
        source = content[start:].partition(b"\n")[0].decode("utf-8", "replace")
        place = Place(name, line, len(content[start : error.start].decode()) + 1, source=source)
        problem = f"line {line} is not UTF-8 (byte {error.start})"
        return diagnostic(
            rules.UNREADABLE, place, file=name, problem=problem, advice="save the file as UTF-8"
        )
    return None


def _refused(rule: Rule, name: str, problem: str, advice: str) -> MatrixError:
    return MatrixError([diagnostic(rule, Place(name, 0, 0), file=name, problem=problem, advice=advice)])
