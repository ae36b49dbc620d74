"""Finds the versions that a Dockerfile has apt install: ``name=version`` of its commands.

Source: manpages.debian.org/apt-get, "install" and "OPTIONS".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.heredocs import scripts_of_step
from image_matrix.dockerfiles.instructions import parse
from image_matrix.dockerfiles.shell_words import commands
from image_matrix.dockerfiles.stages import arguments
from image_matrix.dockerfiles.variables import with_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

UNKNOWN_VERSION = "0~"
"""In place of a version that is fixed, but not known: none in an archive is it."""
PROGRAMS = ("apt", "apt-get", "aptitude")
WITH_VALUE = frozenset(
    ("-o", "--option", "-c", "--config-file", "-t", "--target-release", "--default-release", "-a",
     "--host-architecture", "-P", "--build-profiles")
)  # fmt: skip
"""The options of apt whose value may be the next word."""
_PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?)=(?P<version>.*)")
_VERSION = re.compile(r"[A-Za-z0-9.+:~*-]+")


def apt_pins(text: str, args: Mapping[str, str], platform: str, target: str | None = None) -> tuple[str, ...]:
    """Return the entries with a version that apt installs in the stage ``target``, or in the last one.

    ``args`` are the values of build arguments. What that stage is built on counts, and no other stage: what it installs
    is not in the image. Variables have the values that the Dockerfile or the step gives them. A version that only the
    build knows is :data:`UNKNOWN_VERSION`: another build would take it again, whatever archives have. Raises
    :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    scripts = scripts_of(parse(text), args, platform, target)
    installed = (word for script, values in scripts for word in installed_by_apt(script, values))
    return tuple(dict.fromkeys(pin for word in installed for pin in _pin(word)))


def scripts_of(
    dockerfile: Dockerfile, args: Mapping[str, str], platform: str, target: str | None
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the scripts that a stage, and the stages that it is built on, run, and the variables that each sees."""
    for step, values in _steps(dockerfile, args, platform, target):
        yield from ((script, values) for script in scripts_of_step(step, dockerfile.escape))


def _steps(
    dockerfile: Dockerfile, args: Mapping[str, str], platform: str, target: str | None
) -> Iterator[tuple[Instruction, dict[str, str]]]:
    """Yield what a stage, and the stages that it is built on, run, in their order, and the variables that it sees.

    An argument without a value is an empty variable.
    """
    if all(item.name != "FROM" for item in dockerfile.instructions):
        return
    empty = dict.fromkeys(arguments(dockerfile), "")
    for item, values in with_variables(dockerfile, args, platform, target):
        if item.name == "RUN":
            yield item, {**empty, **values}


def _pin(word: str) -> Iterator[str]:
    """Yield a word if it is a package with a version."""
    if match := _PINNED.fullmatch(word):
        is_known = _VERSION.fullmatch(match["version"])
        yield word if is_known else f"{match['name']}={UNKNOWN_VERSION}"


def installed_by_apt(script: str, values: Mapping[str, str]) -> Iterator[str]:
    """Yield the words behind ``install`` in each command of apt, without options; quotes are left out."""
    for parts in commands(script, values):
        name, packages = called_apt(parts)
        if name == "install":
            yield from packages


def called_apt(parts: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return what a command has apt do, ``install``, and the words behind it; nothing if it does not call apt."""
    start = next((at for at, part in enumerate(parts) if part.rpartition("/")[2] in PROGRAMS), len(parts))
    name, *packages = [*_operands(parts[start + 1 :])] or [""]
    return name, tuple(packages)


def _operands(parts: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in parts:
        if not word.startswith("-") and before not in WITH_VALUE:
            yield word
        before = word
