"""Reads the files that a matrix includes, from disk or at a revision."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from image_matrix.config.include import FIELD, Pattern, below, matching, patterns
from image_matrix.config.yaml_loader import parse
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import MatrixError, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project.fingerprint import digest
from image_matrix.project.unchanged import NONE_INCLUDED, Included
from image_matrix.text import type_name

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.project.inputs import Inputs
    from image_matrix.project.project_files import ProjectFiles

parsed = lru_cache(maxsize=256)(parse)
"""A file that was parsed to see what it includes is not parsed again when the matrix is loaded."""


def included_files(matrix: str, text: str, files: ProjectFiles) -> dict[str, str]:
    """Return the texts of all files that a matrix includes, and of those that they include, in their order.

    Raises :class:`MatrixError` with every entry that names no file, a file outside of the project, or a cycle.
    """
    texts: dict[str, str] = {}
    faults = list(_collect((matrix,), text, files, texts))
    if faults:
        raise MatrixError(faults)
    return texts


def read_to_include(matrix: str, inputs: Inputs, files: ProjectFiles) -> Included | None:
    """Return what is read to include the files of inputs; ``None`` if they are no longer the same."""
    if not inputs.included:
        return NONE_INCLUDED
    listings: dict[str, list[str]] = {}
    inside: dict[str, None] = {}

    def names(folder: str) -> list[str]:
        return listings.setdefault(folder, [*files.names(folder)])

    def leads_outside(path: str) -> bool:
        inside[path] = None
        return files.leads_outside(path)

    watched = replace(files, names=names, leads_outside=leads_outside)
    if included_files(matrix, inputs.texts[matrix], watched) != inputs.included:
        return None
    texts = {path: digest([text.encode()]) for path, text in inputs.included.items()}
    return Included(listings, tuple(inside), texts)


def _collect(
    chain: tuple[str, ...], text: str, files: ProjectFiles, texts: dict[str, str]
) -> Iterator[Diagnostic]:
    """Read what the last file of a chain of includes names into ``texts``; yield what is wrong with it."""
    document = _document(chain[-1], text)
    if document is None:
        return
    if len(chain) > 1:
        yield from _misshapen(document)
    for pattern in patterns(document):
        for path in (yield from _paths(chain[-1], pattern, files)):
            if path in chain:
                yield _cycle(chain, path, pattern)
            elif path not in texts:
                try:
                    texts[path] = files.read(path)
                except MatrixError as error:
                    yield from (_at_entry(item, pattern) for item in error.diagnostics)
                else:
                    yield from _collect((*chain, path), texts[path], files, texts)


def _document(file: str, text: str) -> Document | None:
    """Return a file that may include others; what is wrong with its YAML is said when the matrix is loaded."""
    return parsed(text, file)[0] if FIELD in text else None


def _misshapen(document: Document) -> Iterator[Diagnostic]:
    """Yield that an included file has no list of texts here; the schema says so of the matrix."""
    value = document.value.get(FIELD, []) if isinstance(document.value, dict) else []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        node = document.node((FIELD,), "key")
        if node is not None:
            paths = [value] if isinstance(value, str) else ["images/*.yaml"]
            fields = {"where": f"`{FIELD}`", "expected": "a list of paths", "actual": type_name(value)}
            advice = f"write a list: `{FIELD}: {as_written(paths)}`"
            yield diagnostic(rules.WRONG_TYPE, document.place_of(node), **fields, advice=advice)


def _paths(file: str, pattern: Pattern, files: ProjectFiles) -> Generator[Diagnostic, None, Sequence[str]]:
    """Yield what is wrong with an entry; return the paths that it names."""
    path = below(file, pattern.text)
    if pattern.text.startswith("/") or "\\" in pattern.text:
        advice = f"write a path relative to the folder of {file}, with `/` between folders"
        yield _refused(pattern, "the path is not relative", advice)
        return ()
    if path.startswith("../") or path == "..":
        yield _refused(pattern, "it is outside of the project", "move the file into the project")
        return ()
    if "**" in path:
        yield _refused(pattern, "`**` is not known", "write a `*` for each folder, such as `images/*/*.yaml`")
        return ()
    paths = matching(path, files.names)
    if not paths:
        yield _refused(pattern, "no file fits the pattern", "correct it, or add the file")
    outside = [one for one in paths if files.leads_outside(one)]
    if outside:
        problem = f"{outside[0]} is a link to something outside of the project"
        yield _refused(pattern, problem, "put the file itself into the project")
        return ()
    return paths


def _refused(pattern: Pattern, problem: str, advice: str) -> Diagnostic:
    return diagnostic(rules.BAD_INCLUDE, pattern.place, pattern=pattern.text, problem=problem, advice=advice)


def _cycle(chain: tuple[str, ...], path: str, pattern: Pattern) -> Diagnostic:
    hops = [*chain[chain.index(path) :], path]
    problem = (
        f"the files include each other: {' → '.join(hops)}" if len(hops) > 2 else "the file includes itself"
    )
    exact = below(chain[-1], pattern.text) == path
    advice = "remove this entry" if exact else f"write a pattern that does not fit {path}"
    return _refused(pattern, problem, advice)


def _at_entry(item: Diagnostic, pattern: Pattern) -> Diagnostic:
    """Return what is wrong with a file as a whole at the entry that names it."""
    return item if item.place.line else replace(item, place=pattern.place)
