"""Says what to write where FROM names an argument that has no value."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.stages import Stage, Use, base_chain, leading_arguments, target_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

UNKNOWN = "IMAGE"
"""In place of an image that nothing tells."""
UNKNOWN_PART = "VALUE"
"""In place of what an argument adds to the name of an image."""


def unset_advice(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    item: Variant,
    dockerfile: Dockerfile,
    name: str,
    file: str,
) -> str:
    """Return the line that gives an argument of FROM its value; the image's own start, if that fits.

    ``file`` is the one of the matrix that has the image.
    """
    argument = re.compile(rf"[\"']?\$(?:{name}|\{{{name}\}})[\"']?")
    declared = [_stage(one) for one in dockerfile.instructions if one.name == "FROM"]
    is_parent = argument.fullmatch(_base_of(declared, item.build.target if item.build else None))
    unknown = UNKNOWN if any(argument.fullmatch(one.base.written) for one in declared) else UNKNOWN_PART
    starts = {
        _start(matrix, variants, one) for one in variants.values() if one.image == item.image and one.build
    }
    value = json.dumps(starts.pop()) if is_parent and len(starts) == 1 else unknown
    written = f"write `args: {{{name}: {value}}}` at `images.{item.image}` in {file}"
    if name in leading_arguments(dockerfile):
        return written
    return f"{written}, and `ARG {name}` before the first FROM"


def _base_of(declared: Sequence[Stage], target: str | None) -> str:
    """Return what a target is built on, as it is written, behind stages built on each other; empty without one."""
    number = target_number(declared, target)
    return "" if number is None else declared[base_chain(declared, number)[0]].base.written


def _stage(item: Instruction) -> Stage:
    base, *alias = item.text.split() or [""]
    name = alias[1].lower() if len(alias) > 1 else ""
    return Stage(name, Use(base, item.line, item.name, base), ())


def _start(matrix: Matrix, variants: Mapping[str, Variant], item: Variant) -> str:
    """Return the name of what a variant is built from, as a Dockerfile writes it."""
    if item.parent:
        return f"{matrix.registry}/{variants[item.parent].repository}"
    return matrix.sources[item.source or ""]
