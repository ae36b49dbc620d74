"""Runs docker buildx imagetools: creates tags and indexes from manifests in the registry, and reads their sizes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.program import advice, run_patiently
from image_matrix.registry.reference import parse_reference
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.program import ProgramRunner

COMMAND = ("docker", "buildx", "imagetools")
UNKNOWN_OPTION = "unknown flag: --prefer-index"


def create(
    target: str, sources: Iterable[str], annotations: Collection[str] = (), run: ProgramRunner = run_patiently
) -> None:
    """Point ``target`` to an index of the sources' manifests. A single source without annotations is copied unchanged.

    Raises :class:`EnvironmentFailure` if every try fails.
    """
    # without the option, buildx puts a manifest without attestations into an index, which has another digest
    copies = () if annotations else ("--prefer-index=false",)
    options = [part for annotation in annotations for part in ("--annotation", annotation)]
    answer = run((*COMMAND, "create", "--tag", target, *copies, *options, *sources))
    if answer.returncode and UNKNOWN_OPTION in answer.stderr:
        # buildx before 0.14, which always copies a single source
        answer = run((*COMMAND, "create", "--tag", target, *options, *sources))
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"{target} could not be written", answer.stderr),
            advice(answer.stderr, "check the login and its permissions"),
        )


def compressed_bytes(reference: str, run: ProgramRunner = run_patiently) -> int:
    """Return the compressed size in bytes of ``repository@digest`` in its registry, all platforms together.

    Raises :class:`EnvironmentFailure` if every try fails.
    """
    answer = run((*COMMAND, "inspect", "--raw", reference))
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"cannot read the size of {reference} from the registry", answer.stderr),
            advice(answer.stderr, "check the registry, and try again"),
        )
    manifest = json.loads(answer.stdout)
    if "manifests" not in manifest:
        return sum(int(layer["size"]) for layer in manifest["layers"])
    children = (item for item in manifest["manifests"] if item.get("platform", {}).get("os") != "unknown")
    image = parse_reference(reference)
    return sum(compressed_bytes(image.at(child["digest"]), run) for child in children)
