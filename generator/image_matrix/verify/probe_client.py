"""Sends requests to the probe in a running container, through standard input, and returns its answers as data."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.stderr import reason
from image_matrix.verify.engine import UNSTARTABLE
from image_matrix.verify.model import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.verify.engine import Container

PYTHON = "/usr/bin/python3"
"""The distribution's Python: every notebook image has it, since /init needs it, beside its Python for users."""
SPARE = 15.0
"""Seconds that are added to the time that the requests may take."""


class Unanswered(Exception):  # noqa: N818 - a result about the image, which the caller catches
    """The container does not answer: it ended, or has no Python."""

    def __init__(self, reason: str, log: str) -> None:
        self.reason = reason
        self.log = log
        super().__init__(reason)


@cache
def source(module: str) -> str:
    """Return the text of one of the scripts that run inside containers."""
    return (files("image_matrix.verify.in_container") / f"{module}.py").read_text(encoding="utf-8")


def ask(
    container: Container,
    *requests: tuple[str, dict[str, Any]],
    script: str = "probe",
    seconds: float = 60.0,
    python: str = PYTHON,
) -> list[dict[str, Any]]:
    """Send requests to the probe, or to another script in the container; ``seconds`` is the time that they may take.

    The distribution's Python runs it, or the first one on PATH where a script needs packages of the image.

    Raises :class:`Unanswered`.
    """
    command = (python, "-I", "-", json.dumps(requests))
    answer = container.run(*command, text=source(script), seconds=seconds + SPARE)
    if answer.code == 0:
        answers: list[dict[str, Any]] = json.loads(answer.out)
        return answers
    raise _unanswered(container, answer.code, answer.err)


def _unanswered(container: Container, code: int | None, stderr: str) -> Unanswered:
    if code is None:
        return Unanswered("the container does not answer", container.log())
    ended = container.wait(1.0)
    if ended is not None:
        return Unanswered(f"the container ended with exit code {ended}", container.log())
    if code in UNSTARTABLE:
        missing = f"the image has no {PYTHON}, which checks of the contract `notebook` need"
        return Unanswered(f"{missing}; `/init` needs it, too", "\n".join([*reason(stderr), container.log()]))
    lines = reason(stderr)
    return Unanswered(f"the probe cannot run: {lines[-1]}", "\n".join([*lines, container.log()]))


def judged(
    name: str, problem: str, seconds: float = 0.0, detail: str = "", container: Container | None = None
) -> Result:
    """Return a result; a failed one has the end of the container's log."""
    if not problem:
        return Result(name, "passed", seconds, detail)
    return Result(name, "failed", seconds, problem, container.log() if container else "")


def untried(names: Iterable[str]) -> Iterator[Result]:
    """Yield skipped results for checks of a server that has already failed to answer."""
    return (Result(name, "skipped", detail="not tried: the server does not answer") for name in names)
