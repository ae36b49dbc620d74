"""Reads which user a Dockerfile leaves an image with; docs.docker.com/reference/dockerfile, ``USER`` and ``ENV``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand
from image_matrix.dockerfiles.instructions import DockerfileError, parse, words
from image_matrix.dockerfiles.stages import argument_values, global_arguments, stages, target_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?")


@dataclass(frozen=True, slots=True)
class StageUser:
    """What a stage has set so far."""

    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def last_user(
    text: str, args: Mapping[str, str], target: str | None = None, platform: str = "linux/amd64"
) -> str | None:
    """Return the user that a stage sets, the last one if none is named.

    ``args`` are the values of build arguments. ``None`` if it sets none, empty if its text is not understood. A stage
    has the user and the variables of the stage that it is built from.
    """
    try:
        dockerfile = parse(text)
        declared = stages(dockerfile, args, platform)
    except DockerfileError:
        return ""
    number = target_number(declared, target)
    left = list(_stages(dockerfile, [stage.name for stage in declared], args, platform))
    user = left[number].user if number is not None else None
    return user if user is None or _USER.fullmatch(user) else ""


def _stages(
    dockerfile: Dockerfile, names: list[str], args: Mapping[str, str], platform: str
) -> Iterator[StageUser]:
    """Yield what each stage has at its end."""
    outside = global_arguments(dockerfile, args, platform)
    ended: dict[str, StageUser] = {}
    stage, declared, number = StageUser(), dict[str, str](), -1
    for item in dockerfile.instructions:
        if item.name == "FROM":
            if number >= 0:
                yield stage
            number += 1
            base = expand(next(words(item.text, dockerfile.escape)), outside, dockerfile.escape).lower()
            stage, declared = ended.get(base, StageUser()), {}
        elif number >= 0:
            declared |= argument_values(
                item, dockerfile, declared, {**_without_default(item, outside), **args}
            )
            stage = _after(stage, item, declared, dockerfile.escape)
        if number >= 0 and names[number]:
            ended[names[number]] = stage
    yield stage


def _without_default(item: Instruction, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the arguments before the first FROM that a stage takes over with ``ARG NAME``."""
    return {name: outside[name] for name in item.text.split() if name in outside}


def _after(stage: StageUser, item: Instruction, arguments: Mapping[str, str], escape: str) -> StageUser:
    values = {**arguments, **stage.environment}
    if item.name == "USER":
        return StageUser(expand(item.text, values, escape), stage.environment)
    if item.name == "ENV":
        pairs = {name: expand(value, values, escape) for name, value in _variables(item, escape)}
        return StageUser(stage.user, {**stage.environment, **pairs})
    return stage


def _variables(item: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Yield the variables of an ENV, which has ``NAME=VALUE`` or, in its old form, ``NAME VALUE``."""
    every = list(words(item.text, escape))
    if every and "=" not in every[0]:
        yield every[0], item.text[len(every[0]) :].strip()
        return
    for word in every:
        name, _, value = word.partition("=")
        yield name, value
