"""What Jinja leaves out without a word: blocks that fill nothing, and a template that renders no Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics import MatrixError, diagnostic, did_you_mean
from image_matrix.diagnostics import catalogue as rules
from image_matrix.render.templates import extended, get_template, place_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

_FROM = re.compile(r"^[ \t]*FROM[ \t]", re.MULTILINE | re.IGNORECASE)


def refuse_idle_blocks(environment: Environment, texts: Mapping[str, str], name: str) -> None:
    """Raise :class:`MatrixError` for a block of a template, or of one that it extends, that no parent has.

    Such a block is never rendered, unless it stands within another one. A parent that is not named by a plain text, or
    is not there, is left to rendering.
    """
    parent = extended(texts, name) if name in texts else None
    if parent is None:
        return
    refuse_idle_blocks(environment, texts, parent)
    known = _blocks(environment, texts, parent)
    unknown = get_template(environment, name).blocks.keys() - known
    if not unknown:
        return
    idle = {block: line for block, line in _outermost(environment, texts[name]) if block in unknown}
    if idle:
        raise MatrixError(
            diagnostic(
                rules.TEMPLATE_ERROR,
                place_in(environment, name, line),
                problem=f"no template that this one extends has a block `{block}`: it would be left out",
                advice=did_you_mean(block, known),
            )
            for block, line in idle.items()
        )


def _blocks(environment: Environment, texts: Mapping[str, str], name: str) -> set[str]:
    """Return the blocks of a template and of those that it extends."""
    own = set(get_template(environment, name).blocks)
    above = extended(texts, name)
    return own | _blocks(environment, texts, above) if above else own


def _outermost(environment: Environment, text: str) -> list[tuple[str, int]]:
    """Return the blocks that stand in no other one, with their lines."""
    from jinja2.nodes import Block

    return [(node.name, node.lineno) for node in environment.parse(text).body if isinstance(node, Block)]


def refuse_no_image(environment: Environment, name: str, rendered: str) -> None:
    """Raise :class:`MatrixError` where what a template renders is no Dockerfile."""
    if _FROM.search(rendered):
        return
    problem = "the template renders no FROM: that is no Dockerfile"
    advice = 'begin it with `{% extends "skeleton.Dockerfile.j2" %}`, and fill its blocks'
    raise MatrixError(
        [diagnostic(rules.TEMPLATE_ERROR, place_in(environment, name, 0), problem=problem, advice=advice)]
    )
