"""docker buildx imagetools: tags and indexes from manifests that are in the registry already."""

from __future__ import annotations

import re
import subprocess
import time
from typing import TYPE_CHECKING

from generator.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ATTEMPTS = 7
FIRST_PAUSE = 1.0
"""Seconds before the second try; each pause is twice the one before."""
_TRANSIENT = re.compile(
    r"\b(429|50[0234])\b|too many requests|timeout|connection reset|unexpected EOF|TLS handshake",
    re.IGNORECASE,
)
"""What registries say when another try helps; neither buildx nor GHCR's clients retry a refused PUT by themselves."""


def create(
    target: str,
    sources: Iterable[str],
    annotations: Iterable[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Make ``target`` point to an index of the sources' manifests; one source without annotations is copied as it is.

    Raises :class:`EnvironmentFailure` where the registry refuses, after every retry.
    """
    options = [part for annotation in annotations for part in ("--annotation", annotation)]
    command = ["docker", "buildx", "imagetools", "create", "--tag", target, *options, *sources]
    for attempt in range(ATTEMPTS):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return
        if attempt + 1 == ATTEMPTS or not _TRANSIENT.search(answer.stderr):
            break
        sleep(FIRST_PAUSE * 2**attempt)
    last = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise EnvironmentFailure(
        f"{target} could not be written: {last}", "look at the login and its permissions"
    )
