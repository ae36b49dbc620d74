"""Finds the versions that a Dockerfile has apt install: ``name=version`` of its commands.

Source: manpages.debian.org/apt-get, "install" and "OPTIONS".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import parse
from image_matrix.dockerfiles.stages import base_chain, bodies, stages, target_number
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

PROGRAMS = ("apt", "apt-get", "aptitude")
WITH_VALUE = frozenset(
    ("-o", "--option", "-c", "--config-file", "-t", "--target-release", "--default-release", "-a",
     "--host-architecture", "-P", "--build-profiles")
)  # fmt: skip
"""The options of apt whose value may be the next word."""
_PINNED = re.compile(r"[a-z0-9][a-z0-9+.-]+(?::[a-z0-9-]+)?=[A-Za-z0-9.+:~*-]+")
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_ENDS = re.compile(r"[;&|()`\n]")
"""What ends a command of a shell."""


def apt_pins(text: str, args: Mapping[str, str], platform: str, target: str | None = None) -> tuple[str, ...]:
    """Return the entries with a version that apt installs in the stage ``target``, or in the last one.

    ``args`` are the values of build arguments. What that stage is built on counts, and no other stage: what it installs
    is not in the image. Variables of a shell are not expanded. Raises
    :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    steps = _steps(parse(text), args, platform, target)
    installed = (word for step in steps for script in _scripts(step) for word in _installed(script))
    return tuple(dict.fromkeys(word for word in installed if _PINNED.fullmatch(word)))


def _steps(
    dockerfile: Dockerfile, args: Mapping[str, str], platform: str, target: str | None
) -> list[Instruction]:
    """Return what a stage, and the stages that it is built on, run, in their order."""
    of_stages = bodies(dockerfile)
    declared = stages(dockerfile, args, platform) if of_stages else []
    number = target_number(declared, target) if declared else None
    chain = base_chain(declared, number) if number is not None else []
    return [item for at in chain for item in of_stages[at] if item.name == "RUN"]


def _scripts(step: Instruction) -> tuple[str, ...]:
    """Return what a step runs: its line, or the words of its list, and its heredocs."""
    try:
        listed = read_json(step.text)
    except ValueError:
        listed = None
    line = " ".join(map(str, listed)) if isinstance(listed, list) else step.text
    return (line, *step.heredocs)


def _installed(script: str) -> Iterator[str]:
    """Yield the words behind ``install`` in each command of apt, without options; quotes are left out."""
    plain = _COMMENT.sub("", script.replace("\\\n", " "))
    for command in _ENDS.split(re.sub("[\"']", "", plain)):
        parts = command.split()
        start = next((at for at, part in enumerate(parts) if part.rpartition("/")[2] in PROGRAMS), len(parts))
        name, *packages = [*_operands(parts[start + 1 :]), ""]
        if name == "install":
            yield from packages


def _operands(parts: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in parts:
        if not word.startswith("-") and before not in WITH_VALUE:
            yield word
        before = word
