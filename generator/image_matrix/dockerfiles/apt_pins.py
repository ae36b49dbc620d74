"""Finds the versions that a Dockerfile has apt install: ``name=version`` of its commands.

Source: manpages.debian.org/apt-get, "install" and "OPTIONS".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.dockerfiles.instructions import Instruction

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


def apt_pins(text: str) -> tuple[str, ...]:
    """Return the entries with a version that RUN steps have apt install; their shell's variables are not expanded.

    Raises :class:`image_matrix.dockerfiles.instructions.DockerfileError`.
    """
    steps = (item for item in parse(text).instructions if item.name == "RUN")
    words = (word for step in steps for script in _scripts(step) for word in _installed(script))
    return tuple(dict.fromkeys(word for word in words if _PINNED.fullmatch(word)))


def _scripts(step: Instruction) -> tuple[str, ...]:
    """Return what a step runs: its line, or the words of its list, and its heredocs."""
    try:
        listed = json.loads(step.text)
    except ValueError:
        listed = None
    line = " ".join(map(str, listed)) if isinstance(listed, list) else step.text
    return (line, *step.heredocs)


def _installed(script: str) -> Iterator[str]:
    """Yield the words behind ``install`` in each command of apt, without options; quotes are left out."""
    plain = _COMMENT.sub("", script.replace("\\\n", " "))
    for command in _ENDS.split(re.sub("[\"']", "", plain)):
        words = command.split()
        start = next((at for at, word in enumerate(words) if word.rpartition("/")[2] in PROGRAMS), len(words))
        name, *packages = [*_operands(words[start + 1 :]), ""]
        if name == "install":
            yield from packages


def _operands(words: list[str]) -> Iterator[str]:
    before = ""
    for word in words:
        if not word.startswith("-") and before not in WITH_VALUE:
            yield word
        before = word
