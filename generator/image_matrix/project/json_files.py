"""Reads the files of a project that programs in images read as JSON: ``files`` of images, and those of templates."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from image_matrix.diagnostics import Place, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.context_reader import LINK, ContextError
from image_matrix.dockerfiles.ignore import read_ignore
from image_matrix.project.whiteouts import ROOTFS, is_whiteout
from image_matrix.validate.json_readers import json_reader
from image_matrix.validate.json_syntax import JsonMistake, json_mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.diagnostics import Diagnostic
    from image_matrix.dockerfiles.context_reader import ContextReader
    from image_matrix.output_tree.files import File
    from image_matrix.validate.json_readers import JsonReader

WITHOUT_GIT = read_ignore("**/.git\n")


def faulty_copies(copied: Iterable[tuple[str, str]], reader: ContextReader) -> Iterator[Diagnostic]:
    """Yield what is wrong in files that an image copies: path in the image to a file or folder of the project."""
    for destination, source in copied:
        for path, file in _files(destination, source, reader):
            if json_reader(path):
                yield from faulty_json(path, file, reader.read(file) or b"")


def _files(destination: str, source: str, reader: ContextReader) -> Iterator[tuple[str, str]]:
    """Yield the files that a copy brings, not links, each with its path in the image and in the project."""
    try:
        if reader.mode(source) == LINK:
            return
        if reader.mode(source) is not None:
            yield destination, source
        elif reader.names(source) is not None:
            modes = reader.modes(source, WITHOUT_GIT)
            for name in (name for name, mode in modes.items() if mode != LINK):
                yield posixpath.join(destination, name), posixpath.join(source, name)
    except ContextError:
        return  # what is wrong with the path itself is another's to say


def faulty_templates(repository_files: Mapping[str, File]) -> Iterator[Diagnostic]:
    """Yield what is wrong in files below ``templates/rootfs`` that programs in images read."""
    for path, file in repository_files.items():
        kind, _, inside = path.removeprefix(ROOTFS).partition("/")
        if path.startswith(ROOTFS) and kind and not file.symlink and not is_whiteout(path):
            yield from faulty_json(f"/{inside}", f"templates/{path}", file.content)


def faulty_json(path: str, file: str, content: bytes) -> Iterator[Diagnostic]:
    """Yield the first mistake in a file, by its path in images and in the project."""
    reader = json_reader(path)
    if reader is None or (reader.passes_empty and not content):
        return
    text = content.decode("utf-8", "replace")
    mistake = _not_text(content) or json_mistake(text, comments=reader.comments)
    if mistake:
        fields = {"reader": reader.name, "path": path, "problem": mistake.problem}
        place = _place(file, text, mistake.position)
        yield diagnostic(rules.BAD_JSON, place, **fields, advice=_advice(reader, path, mistake))


def _not_text(content: bytes) -> JsonMistake | None:
    """Return the first byte that is no UTF-8 as a mistake; the characters before it are as in the whole text."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        position = len(content[: error.start].decode())
        return JsonMistake(position, "this is not UTF-8", "save the file as UTF-8")
    return None


def _advice(reader: JsonReader, path: str, mistake: JsonMistake) -> str:
    if mistake.comment and reader.json5:
        return f"{mistake.advice}, or call the file `{path}5` in the image, which may have comments"
    return mistake.advice


def _place(file: str, text: str, position: int) -> Place:
    """Return the place of a character: lines end with a line feed."""
    before = text[:position]
    line = before.count("\n") + 1
    source = text.split("\n")[line - 1].removesuffix("\r")
    return Place(file, line, position - (before.rfind("\n") + 1) + 1, 1, source)
