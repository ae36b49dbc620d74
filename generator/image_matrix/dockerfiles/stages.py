"""Which images a Dockerfile needs: its stages, and what they are built FROM or copy from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.expansion import expand
from image_matrix.dockerfiles.instructions import DockerfileError, without_trigger, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.dockerfiles.instructions import Dockerfile, Instruction

SCRATCH = "scratch"
PREDEFINED = frozenset(
    name
    for word in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (word, word.lower())
) | {
    "SOURCE_DATE_EPOCH",
    "BUILDKIT_INLINE_CACHE",
    "BUILDKIT_MULTI_PLATFORM",
    "BUILDKIT_SANDBOX_HOSTNAME",
    "BUILDKIT_SYNTAX",
    "BUILDKIT_CACHE_MOUNT_NS",
    "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
    "BUILDKIT_BUILD_NAME",
    "BUILDKIT_DOCKERFILE_CHECK",
}
"""Arguments that every Dockerfile has; docs.docker.com/reference/dockerfile/#predefined-args."""


_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?!\w|:?-)|([A-Za-z_]\w*))")
"""The name of a variable that has no default of its own, as ``${NAME:-default}`` has."""
_EMPTY_PART = re.compile(r"^$|^[/:@]|[/:@]$|/[/:@]|:[:@]")
"""What a reference does not have: no name, host, tag or digest where its separators say that there is one."""


@dataclass(frozen=True, slots=True)
class Use:
    """An image, stage or context that an instruction names."""

    name: str
    """With the values of arguments: ``quay.io/jupyter/base-notebook:latest``."""
    line: int
    instruction: str
    """``FROM``, ``COPY --from`` or ``RUN --mount``."""
    written: str
    """As the Dockerfile writes it, with ``$NAME``."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a Dockerfile: what it is built FROM, and what it copies from."""

    name: str
    """In lower case; empty if it has none."""
    base: Use
    copies: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a target of a Dockerfile needs from outside of it."""

    base: Use
    """What its last stage is built on, behind stages that are built on each other."""
    others: tuple[Use, ...]
    """What else it is built FROM or copies from, without ``scratch`` and stages."""
    stages: tuple[str, ...] = ()
    """The names of the stages that it needs."""
    numbers: tuple[int, ...] = ()
    """The positions of the stages that it needs, its own among them."""

    @property
    def every(self) -> tuple[Use, ...]:
        """All of it."""
        return (*([] if self.base.name == SCRATCH else [self.base]), *self.others)


def arguments(dockerfile: Dockerfile) -> list[str]:
    """Return the names of all arguments that a Dockerfile declares, in their order."""
    names = (
        name for item in dockerfile.instructions if item.name == "ARG" for name, _ in _pairs(item, dockerfile)
    )
    return list(dict.fromkeys(names))


def leading_arguments(dockerfile: Dockerfile) -> list[str]:
    """Return the names of the arguments before the first FROM, which alone every FROM can use."""
    before = takewhile(lambda item: item.name != "FROM", dockerfile.instructions)
    return [name for item in before if item.name == "ARG" for name, _ in _pairs(item, dockerfile)]


def _pairs(item: Instruction, dockerfile: Dockerfile) -> Iterator[tuple[str, str | None]]:
    """Yield the names of an ARG with their defaults."""
    for word in words(item.text, dockerfile.escape):
        name, sign, default = word.partition("=")
        yield name, default if sign else None


def global_arguments(dockerfile: Dockerfile, given: Mapping[str, str], platform: str) -> dict[str, str]:
    """Return the values of the arguments that FROM can use: declared before the first FROM, or of the platform."""
    os, _, arch = platform.partition("/")
    arch, _, variant = arch.partition("/")
    values: dict[str, str] = {}
    for side in ("TARGET", "BUILD"):
        values |= {
            f"{side}PLATFORM": platform,
            f"{side}OS": os,
            f"{side}ARCH": arch,
            f"{side}VARIANT": variant,
        }
    for item in dockerfile.instructions:
        if item.name == "FROM":
            break
        values |= argument_values(item, dockerfile, values, given)
    return values


def argument_values(
    item: Instruction, dockerfile: Dockerfile, values: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return the values that an ARG sets, in which its defaults may use ``values``; other instructions set none.

    ``given`` are values from outside of the instruction, which win over its defaults.
    """
    result: dict[str, str] = {}
    for name, default in _pairs(item, dockerfile) if item.name == "ARG" else ():
        if name in given:
            result[name] = given[name]
        elif default is not None:
            result[name] = expand(default, {**values, **result}, dockerfile.escape)
    return result


def stages(dockerfile: Dockerfile, given: Mapping[str, str], platform: str) -> list[Stage]:
    """Return the stages of a Dockerfile, with the values of arguments; raises :class:`DockerfileError`."""
    values = global_arguments(dockerfile, given, platform)
    result: list[Stage] = []
    for item in dockerfile.instructions:
        if item.name == "FROM":
            result.append(_stage(item, values, dockerfile.escape))
        elif result:
            last = result[-1]
            result[-1] = Stage(last.name, last.base, (*last.copies, *_copies(item, dockerfile.escape)))
    if not result:
        raise DockerfileError(1, "it has no FROM")
    return result


def _stage(item: Instruction, values: Mapping[str, str], escape: str) -> Stage:
    parts = list(words(item.text, escape))
    if len(parts) not in (1, 3) or (len(parts) == 3 and parts[1].upper() != "AS"):
        raise DockerfileError(item.line, "FROM takes an image, and a name behind AS")
    name = expand(parts[0], values, escape)
    unset = next(
        (one or other for one, other in _VARIABLE.findall(parts[0]) if not values.get(one or other)), None
    )
    if not name or (unset and _EMPTY_PART.search(name)):
        raise DockerfileError(item.line, f"`FROM {parts[0]}` names no image: an argument has no value", unset)
    return Stage(parts[2].lower() if len(parts) == 3 else "", Use(name, item.line, "FROM", parts[0]), ())


def _copies(item: Instruction, escape: str) -> Iterator[Use]:
    """Yield what an instruction copies or mounts from, and images that an ``ONBUILD`` does.

    A name without a dot, a colon or a slash is a stage of the other build, which is not known here.
    """
    uses = copies(without_trigger(item, escape))
    yield from (use for use in uses if item.name != "ONBUILD" or re.search("[./:]", use.name))


def copies(item: Instruction) -> Iterator[Use]:
    """Yield what an instruction copies or mounts from."""
    if item.name == "COPY" and (name := item.flag("from")):
        yield Use(name, item.line, "COPY --from", name)
    for flag, value in item.flags if item.name == "RUN" else ():
        for option in value.split(",") if flag == "mount" else ():
            key, _, name = option.partition("=")
            if key == "from" and name:
                yield Use(name, item.line, "RUN --mount", name)


def target_number(declared: Sequence[Stage], target: str | None) -> int | None:
    """Return the position of a target, by its name or number; the last one for ``None``, ``None`` for none."""
    if target is None:
        return len(declared) - 1
    names = [stage.name for stage in declared]
    if target.lower() in names:
        return len(names) - 1 - names[::-1].index(target.lower())
    return int(target) if target.isdecimal() and int(target) < len(declared) else None


def needs(declared: Sequence[Stage], number: int, replaced: frozenset[str] = frozenset()) -> Needs:
    """Return what a stage needs from outside; ``replaced`` are names of stages that contexts replace."""
    uses: dict[Use, None] = {}
    reached: dict[int, None] = {}
    waiting = [number]
    while waiting:
        at = waiting.pop(0)
        if at in reached:
            continue
        reached[at] = None
        stage = declared[at]
        for use in (stage.base, *stage.copies):
            before = _stage_named(declared, at, use, replaced)
            if before is not None:
                waiting.append(before)
            elif use.name != SCRATCH or use.instruction != "FROM":
                uses[use] = None
    base = declared[base_chain(declared, number, replaced)[0]].base
    others = tuple(sorted((use for use in uses if use != base), key=lambda use: use.line))
    numbers = tuple(sorted(reached))
    return Needs(base, others, tuple(declared[at].name for at in numbers if declared[at].name), numbers)


def base_chain(declared: Sequence[Stage], number: int, replaced: frozenset[str] = frozenset()) -> list[int]:
    """Return the numbers of the stages that a stage is built on, the lowest first, and its own number last."""
    chain = [number]
    while (below := _stage_named(declared, chain[0], declared[chain[0]].base, replaced)) is not None:
        chain.insert(0, below)
    return chain


def bodies(dockerfile: Dockerfile) -> list[list[Instruction]]:
    """Return the instructions of each stage, without its FROM."""
    result: list[list[Instruction]] = []
    for item in dockerfile.instructions:
        if item.name == "FROM":
            result.append([])
        elif result:
            result[-1].append(item)
    return result


def _stage_named(declared: Sequence[Stage], at: int, use: Use, replaced: frozenset[str]) -> int | None:
    """Return the earlier stage that a use names, if any; COPY --from also takes its number."""
    name = use.name.lower()
    if name in replaced:
        return None
    for before in range(at - 1, -1, -1):
        if declared[before].name and declared[before].name == name:
            return before
    if use.instruction != "FROM" and name.isdecimal() and int(name) < at:
        return int(name)
    return None
