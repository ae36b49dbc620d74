"""docker buildx imagetools: tags and indexes from manifests that are in the registry already, and what they weigh."""

from __future__ import annotations

import json
import re
import subprocess
import time
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from subprocess import CompletedProcess

ATTEMPTS = 7
FIRST_PAUSE = 1.0
"""Seconds before the second try; each pause is twice the one before."""
_TRANSIENT = re.compile(
    r"\b(429|50[0234])\b|too many requests|timeout|connection reset|unexpected EOF|TLS handshake",
    re.IGNORECASE,
)
"""What registries say when another try helps; neither buildx nor GHCR's clients retry by themselves."""


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
    answer = _ask(("create", "--tag", target, *options, *sources), ATTEMPTS, sleep)
    if answer.returncode:
        raise EnvironmentFailure(
            f"{target} could not be written: {_last(answer)}", "look at the login and its permissions"
        )


def compressed_bytes(
    reference: str, attempts: int = ATTEMPTS, sleep: Callable[[float], None] = time.sleep
) -> int:
    """Return the compressed size in bytes of ``repository@digest`` in its registry, all platforms together.

    Raises :class:`EnvironmentFailure` where the registry does not say it, after every retry.
    """
    answer = _ask(("inspect", "--raw", reference), attempts, sleep)
    if answer.returncode:
        raise EnvironmentFailure(
            f"the registry does not say how large {reference} is: {_last(answer)}",
            "look at the registry, and try again",
        )
    manifest = json.loads(answer.stdout)
    if "manifests" not in manifest:
        return sum(int(layer["size"]) for layer in manifest["layers"])
    children = (item for item in manifest["manifests"] if item.get("platform", {}).get("os") != "unknown")
    repository = reference.partition("@")[0]
    return sum(compressed_bytes(f"{repository}@{child['digest']}", attempts, sleep) for child in children)


def _ask(words: Iterable[str], attempts: int, sleep: Callable[[float], None]) -> CompletedProcess[str]:
    command = ("docker", "buildx", "imagetools", *words)
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    for attempt in range(1, attempts):
        if answer.returncode == 0 or not _TRANSIENT.search(answer.stderr):
            break
        sleep(FIRST_PAUSE * 2 ** (attempt - 1))
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer


def _last(answer: CompletedProcess[str]) -> str:
    return (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
