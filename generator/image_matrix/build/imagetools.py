"""docker buildx imagetools: tags and indexes from manifests that are in the registry already, and what they weigh."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.program import advice, run_patiently
from image_matrix.registry.reference import parse_reference
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.program import Run

COMMAND = ("docker", "buildx", "imagetools")


def create(
    target: str, sources: Iterable[str], annotations: Iterable[str] = (), run: Run = run_patiently
) -> None:
    """Make ``target`` point to an index of the sources' manifests; one source without annotations is copied as it is.

    Raises :class:`EnvironmentFailure` where the registry refuses, after every try.
    """
    options = [part for annotation in annotations for part in ("--annotation", annotation)]
    answer = run((*COMMAND, "create", "--tag", target, *options, *sources))
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"{target} could not be written", answer.stderr),
            advice(answer.stderr, "look at the login and its permissions"),
        )


def compressed_bytes(reference: str, run: Run = run_patiently) -> int:
    """Return the compressed size in bytes of ``repository@digest`` in its registry, all platforms together.

    Raises :class:`EnvironmentFailure` where the registry does not say it, after every try.
    """
    answer = run((*COMMAND, "inspect", "--raw", reference))
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"the registry does not say how large {reference} is", answer.stderr),
            advice(answer.stderr, "look at the registry, and try again"),
        )
    manifest = json.loads(answer.stdout)
    if "manifests" not in manifest:
        return sum(int(layer["size"]) for layer in manifest["layers"])
    children = (item for item in manifest["manifests"] if item.get("platform", {}).get("os") != "unknown")
    image = parse_reference(reference)
    return sum(compressed_bytes(image.at(child["digest"]), run) for child in children)
