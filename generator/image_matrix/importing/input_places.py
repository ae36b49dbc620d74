"""Reads YAML files that are imported, and names their lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.yaml_loader import parse
from image_matrix.diagnostics import MatrixError
from image_matrix.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Path


def document_of(file: str, read: Callable[[str], str]) -> Document:
    """Return a YAML file with its places; raises :class:`MatrixError` for one that is not YAML."""
    document, problems = parse(read(file), file)
    if document is None or problems:
        raise MatrixError(problems)
    return document


def refusal(document: Document, path: Path, problem: str, advice: str) -> CallError:
    """Return an error at a place of a document, or at the nearest place above it that exists."""
    line = line_at(document, path)
    return CallError(f"{document.file}:{line}: {problem}", advice, (document.file, line))


def place_at(document: Document, path: Path) -> str:
    """Return file and line of a key or entry, or of the nearest one above it."""
    return f"{document.file}:{line_at(document, path)}"


def line_at(document: Document, path: Path) -> int:
    """Return the line of a key or entry, or of the nearest one above it."""
    for length in range(len(path), 0, -1):
        node = document.node(path[:length], "key")
        if node is not None:
            return document.place_of(node).line
    return 1
