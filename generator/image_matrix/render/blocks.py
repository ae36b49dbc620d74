"""Reports what Jinja ignores silently: blocks that no parent template has, and output without ``FROM``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.model import CONTRACTS
from image_matrix.diagnostics import MatrixError, diagnostic, did_you_mean
from image_matrix.diagnostics import catalogue as rules
from image_matrix.dockerfiles.instructions import DockerfileError
from image_matrix.dockerfiles.templated import literal_base, templated
from image_matrix.render.kind_traits import CONTRACT, extended
from image_matrix.render.templates import get_template, place_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

_FROM = re.compile(r"^[ \t]*FROM[ \t]", re.MULTILINE | re.IGNORECASE)


def refuse_idle_blocks(environment: Environment, texts: Mapping[str, str], name: str) -> None:
    """Raise :class:`MatrixError` for a block of a template, or of one that it extends, that no parent has.

    Jinja never renders such a block, unless it is nested in another one. Rendering reports a parent that does not
    exist or is not named by a literal.
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
                problem=f"no template that this one extends has a block `{block}`: Jinja ignores it",
                advice=did_you_mean(block, known),
            )
            for block, line in idle.items()
        )


def _blocks(environment: Environment, texts: Mapping[str, str], name: str) -> set[str]:
    """Return the blocks of a template and of those that it extends."""
    declared = set(get_template(environment, name).blocks)
    parent = extended(texts, name)
    return declared | _blocks(environment, texts, parent) if parent else declared


def _outermost(environment: Environment, text: str) -> list[tuple[str, int]]:
    """Return the blocks that are not nested in another one, with their lines."""
    from jinja2.nodes import Block

    return [(node.name, node.lineno) for node in environment.parse(text).body if isinstance(node, Block)]


def refuse_unknown_contract(environment: Environment, texts: Mapping[str, str], name: str) -> None:
    """Raise :class:`MatrixError` if a template, or one that it extends, sets a contract that does not exist."""
    match = CONTRACT.search(texts.get(name, ""))
    if match and match[2] not in CONTRACTS:
        line = texts[name].count("\n", 0, match.start()) + 1
        place = place_in(environment, name, line)
        problem = f"`{match[2]}` is not a contract"
        advice = did_you_mean(match[2], CONTRACTS)
        raise MatrixError([diagnostic(rules.TEMPLATE_ERROR, place, problem=problem, advice=advice)])
    parent = extended(texts, name) if name in texts else None
    if parent:
        refuse_unknown_contract(environment, texts, parent)


def refuse_other_base(environment: Environment, texts: Mapping[str, str], name: str) -> None:
    """Raise :class:`MatrixError` if a template, or one that it extends, ends on an image that it names literally.

    The graph, the lock and the key would say that the image is built on what ``from`` names.
    """
    try:
        base = literal_base(templated(texts.get(name, "")))
    except DockerfileError:  # BuildKit says what is wrong with it
        base = None
    if base:
        problem = f"its last FROM is `{base.written}`, not what `from` names in matrix.yaml"
        advice = "write `FROM {{ (parent or source) | word }}`, and copy from other images with `COPY --from`"
        place = place_in(environment, name, base.line)
        raise MatrixError([diagnostic(rules.TEMPLATE_ERROR, place, problem=problem, advice=advice)])
    parent = extended(texts, name) if name in texts else None
    if parent:
        refuse_other_base(environment, texts, parent)


def refuse_no_image(environment: Environment, name: str, rendered: str) -> None:
    """Raise :class:`MatrixError` if the rendered text has no ``FROM``."""
    if _FROM.search(rendered):
        return
    problem = "the template renders a Dockerfile without FROM"
    advice = 'begin it with `{% extends "skeleton.Dockerfile.j2" %}`, and fill its blocks'
    raise MatrixError(
        [diagnostic(rules.TEMPLATE_ERROR, place_in(environment, name, 0), problem=problem, advice=advice)]
    )
