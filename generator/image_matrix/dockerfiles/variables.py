"""Which variables the instructions of a Dockerfile see: those of ARG and ENV.

Source: docs.docker.com/build/building/variables, "Scoping"; docs.docker.com/reference/dockerfile, ``ENV``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand
from image_matrix.dockerfiles.instructions import words
from image_matrix.dockerfiles.stages import (
    argument_values,
    base_chain,
    bodies,
    global_arguments,
    stages,
    target_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction


def with_variables(
    dockerfile: Dockerfile, args: Mapping[str, str], platform: str, target: str | None
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """Yield what a stage does, behind what the stages do that it is built on, each with the variables that it sees.

    The stage is that of ``target``, the last one for ``None``; nothing for an unknown one. Raises
    :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    ``args`` are the values of build arguments. A stage has the variables of the stage that it is built on, and of the
    arguments before the first FROM those that it declares. What the image below brings is not known here.
    """
    declared = stages(dockerfile, args, platform)
    number = target_number(declared, target)
    if number is None:
        return
    outside, of_stages = global_arguments(dockerfile, args, platform), bodies(dockerfile)
    arguments: dict[str, str] = {}
    environment: dict[str, str] = {}
    for item in (one for at in base_chain(declared, number) for one in of_stages[at]):
        values = {**arguments, **environment}
        yield item, values
        given = {**_without_default(item, outside), **args}
        arguments |= argument_values(item, dockerfile, values, given)
        if item.name == "ENV":
            pairs = variables_of(item, dockerfile.escape)
            environment |= {name: expand(value, values, dockerfile.escape) for name, value in pairs}


def _without_default(item: Instruction, outside: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the arguments before the first FROM that a stage takes over with ``ARG NAME``."""
    return {name: outside[name] for name in item.text.split() if name in outside}


def variables_of(item: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Yield the variables of an ENV, which has ``NAME=VALUE`` or, in its old form, ``NAME VALUE``."""
    every = list(words(item.text, escape))
    if every and "=" not in every[0]:
        yield every[0], item.text[len(every[0]) :].strip()
        return
    for word in every:
        name, _, value = word.partition("=")
        yield name, value
