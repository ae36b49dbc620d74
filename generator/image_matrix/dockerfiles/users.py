"""Reads which user a Dockerfile leaves an image with; docs.docker.com/reference/dockerfile, ``USER`` and ``ENV``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand
from image_matrix.dockerfiles.instructions import DockerfileError, parse, words
from image_matrix.dockerfiles.stages import argument_values, bodies, global_arguments, stages, target_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction
    from image_matrix.dockerfiles.stages import Stage

PLATFORM = "linux/amd64"
"""Its stages are read; where those of another platform end with another user, that one is not known."""
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?")


@dataclass(frozen=True, slots=True)
class StageUser:
    """What a stage has set so far."""

    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def last_user(text: str, args: Mapping[str, str], target: str | None = None) -> str | None:
    """Return the user that a stage sets, the last one if none is named.

    ``args`` are the values of build arguments. ``None`` if it sets none, empty if its text is not understood. A stage
    has the user and the variables of the stage that it is built from.
    """
    try:
        dockerfile = parse(text)
        declared = stages(dockerfile, args, PLATFORM)
    except DockerfileError:
        return ""
    number = target_number(declared, target)
    ends = list(_ends(dockerfile, declared, args, global_arguments(dockerfile, args, PLATFORM)))
    user = ends[number].user if number is not None else None
    return user if user is None or _USER.fullmatch(user) else ""


def _ends(
    dockerfile: Dockerfile, declared: Sequence[Stage], args: Mapping[str, str], outside: Mapping[str, str]
) -> Iterator[StageUser]:
    """Yield what each stage has at its end; ``outside`` are the arguments before the first FROM."""
    ended: dict[str, StageUser] = {}
    for stage, instructions in zip(declared, bodies(dockerfile), strict=True):
        end, arguments = ended.get(stage.base.name.lower(), StageUser()), dict[str, str]()
        for item in instructions:
            given = {**_without_default(item, outside), **args}
            arguments |= argument_values(item, dockerfile, arguments, given)
            end = _after(end, item, arguments, dockerfile.escape)
        ended[stage.name] = end
        yield end


def _without_default(item: Instruction, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the arguments before the first FROM that a stage takes over with ``ARG NAME``."""
    return {name: outside[name] for name in item.text.split() if name in outside}


def _after(stage: StageUser, item: Instruction, arguments: Mapping[str, str], escape: str) -> StageUser:
    values = {**arguments, **stage.environment}
    if item.name == "USER":
        return StageUser(expand(item.text, values, escape), stage.environment)
    if item.name == "ENV":
        pairs = {name: expand(value, values, escape) for name, value in variables_of(item, escape)}
        return StageUser(stage.user, {**stage.environment, **pairs})
    return stage


def variables_of(item: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Yield the variables of an ENV, which has ``NAME=VALUE`` or, in its old form, ``NAME VALUE``."""
    every = list(words(item.text, escape))
    if every and "=" not in every[0]:
        yield every[0], item.text[len(every[0]) :].strip()
        return
    for word in every:
        name, _, value = word.partition("=")
        yield name, value
