"""Reads what the template of a Dockerfile says in so many words: images and addresses that no expression names."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import parse, split_lines, words
from image_matrix.dockerfiles.stages import SCRATCH, Use, copies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.dockerfiles.instructions import Dockerfile

EXPRESSION = "…"
"""What takes the place of a Jinja expression, whose value nobody knows before rendering."""
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)


@cache
def templated(text: str) -> Dockerfile:
    """Split a template into instructions, without Jinja's statements and with :data:`EXPRESSION` for expressions.

    Lines keep their numbers, and ``lines`` has them as they are written. Raises
    :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    plain = _STATEMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    plain = _EXPRESSION.sub(lambda match: EXPRESSION + "\n" * match[0].count("\n"), plain)
    return replace(parse(plain), lines=tuple(split_lines(text)))


def literal_images(dockerfile: Dockerfile) -> Iterator[Use]:
    """Yield the images that a template names literally, without its stages."""
    names = {name for _, name in _stages(dockerfile)} | {"", SCRATCH}
    for use in (*(base for base, _ in _stages(dockerfile)), *_copied(dockerfile)):
        if use.name.lower() not in names and not use.name.isdecimal() and EXPRESSION not in use.name:
            yield use


def literal_base(dockerfile: Dockerfile) -> Use | None:
    """Return what the last stage is built FROM, if the template names it literally and it is not ``scratch``."""
    declared = _stages(dockerfile)
    if not declared:
        return None
    base = declared.pop()[0]
    while declared:
        above, name = declared.pop()
        if name and name == base.name.lower():
            base = above
    return None if EXPRESSION in base.name or base.name in ("", SCRATCH) else base


def _stages(dockerfile: Dockerfile) -> list[tuple[Use, str]]:
    """Return what each stage is built FROM, and its name in lower case."""
    declared = []
    for item in (one for one in dockerfile.instructions if one.name == "FROM"):
        # a macro may begin in the middle of a script, whose `from … import …` looks like an instruction
        match [*words(item.text, dockerfile.escape)]:
            case [base]:
                declared.append((Use(base, item.line, "FROM", base), ""))
            case [base, word, name] if word.upper() == "AS":
                declared.append((Use(base, item.line, "FROM", base), name.lower()))
    return declared


def _copied(dockerfile: Dockerfile) -> Iterator[Use]:
    for item in dockerfile.instructions:
        yield from copies(item)
