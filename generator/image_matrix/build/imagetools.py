"""Runs docker buildx imagetools: creates tags and indexes from manifests in the registry, and reads their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import read_json
from image_matrix.program import advice, run_patiently
from image_matrix.registry.reference import parse_reference
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from image_matrix.json_data import Json
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

    Raises :class:`EnvironmentFailure` if every try fails, or if what comes is no manifest.
    """
    answer = run((*COMMAND, "inspect", "--raw", reference))
    if answer.returncode:
        raise EnvironmentFailure(
            failed(f"cannot read the size of {reference} from the registry", answer.stderr),
            advice(answer.stderr, "check the registry, and try again"),
        )
    try:
        size, children = _size_and_children(read_json(answer.stdout))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"cannot read the size of {reference}: what the registry has there is no manifest of an image"
        raise EnvironmentFailure(what, "check the registry, and try again") from error
    image = parse_reference(reference)
    return size + sum(compressed_bytes(image.at(digest), run) for digest in children)


def _size_and_children(manifest: Json) -> tuple[int, list[str]]:
    """Return the bytes of a manifest's layers, and the digests of the images of an index but for attestations.

    Source: opencontainers/image-spec, manifest.md and image-index.md.
    """
    if "manifests" not in manifest:
        return sum(int(layer["size"]) for layer in manifest["layers"]), []
    images = (item for item in manifest["manifests"] if item.get("platform", {}).get("os") != "unknown")
    return 0, [str(item["digest"]) for item in images]
