"""Takes scripts out of Dockerfiles for buildah: heredocs that begin with ``#!`` become files, which steps mount.

With the isolation ``chroot``, which pods need, buildah loses such heredocs: github.com/containers/buildah, issue 6331.
The number of instructions stays as it is, so a step of the log is the same instruction in both texts.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.dockerfiles.instructions import Instruction

CONTEXT = "scripts.invalid/heredocs"
"""The named context with the scripts; a host that never resolves (RFC 2606)."""
FOLDER = "heredocs"
"""Its folder in the workspace."""
_TARGET = "/run/image-matrix-step"
_ALONE = re.compile(r"<<-?\S+")
_AT_END = re.compile(r"<<-?\S+[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class WithoutScripts:
    """A Dockerfile, and the scripts that its steps mount."""

    text: str
    scripts: Mapping[str, bytes] = field(default_factory=dict)
    """By their names, which are hashes: buildah's cache knows a mounted file by its name alone."""


def without_scripts(text: str) -> WithoutScripts:
    """Return a Dockerfile in which every RUN of one heredoc with ``#!`` calls the interpreter with a mounted file."""
    dockerfile = parse(text)
    lines, scripts = list(dockerfile.lines), {}
    starts = [item.line - 1 for item in dockerfile.instructions]
    ends = [*starts[1:], len(lines)]
    for item, start, end in reversed(list(zip(dockerfile.instructions, starts, ends, strict=True))):
        if _is_script(item):
            content = item.heredocs[0].encode()
            name = hashlib.sha256(content).hexdigest()[:16]
            scripts[name] = content
            lines[start:end] = _step(lines[start:end], item.heredocs[0], name)
    return WithoutScripts("".join(f"{line}\n" for line in lines), scripts)


def _is_script(item: Instruction) -> bool:
    return (
        item.name == "RUN"
        and len(item.heredocs) == 1
        and _ALONE.fullmatch(item.text) is not None
        and item.heredocs[0].startswith("#!")
    )


def _step(lines: list[str], script: str, name: str) -> list[str]:
    """Return the lines of a step up to its heredoc, which a call takes the place of."""
    first = next(number for number, line in enumerate(lines) if _AT_END.search(line))
    interpreter = script.partition("\n")[0].removeprefix("#!").strip().split(None, 1)
    mount = f"--mount=type=bind,from={CONTEXT},source={name},target={_TARGET}"
    call = f"{mount} {json.dumps([*interpreter, _TARGET])}"
    return [*lines[:first], _AT_END.sub(lambda _: call, lines[first])]
