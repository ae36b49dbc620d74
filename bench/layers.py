"""The layers of an image of the engine's store, compressed as a registry has them: what a node pulls."""

from __future__ import annotations

import json
import subprocess
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SMALL = 1_000_000
"""Bytes that no index, manifest or configuration has."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its digest, its compressed size in bytes and the step that made it."""

    digest: str
    bytes: int
    step: str


def layers(image: str) -> tuple[Layer, ...]:
    """Return the layers of an image from the bottom up; the engine has to keep images as containerd does."""
    with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
        assert saved.stdout
        return layers_of(*archive(saved.stdout))


def layers_of(sizes: Mapping[str, int], documents: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Return the layers of the image that an archive has."""
    manifest = _manifest(documents, documents["index.json"])
    config = documents[_path(manifest["config"]["digest"])]
    made = [entry["created_by"] for entry in config["history"] if not entry.get("empty_layer")]
    return tuple(
        Layer(layer["digest"], sizes[_path(layer["digest"])], _words(step))
        for layer, step in zip(manifest["layers"], made, strict=True)
    )


def archive(stream: IO[bytes]) -> tuple[dict[str, int], dict[str, Any]]:
    """Return the sizes of all files of an archive in OCI's image layout, and its JSON documents."""
    sizes: dict[str, int] = {}
    documents: dict[str, Any] = {}
    with tarfile.open(fileobj=stream, mode="r|", bufsize=SMALL) as archive:
        for member in archive:
            sizes[member.name] = member.size
            if member.isfile() and member.size < SMALL and (file := archive.extractfile(member)):
                content = file.read()
                if content.startswith(b"{"):
                    documents[member.name] = json.loads(content)
    return sizes, documents


def _manifest(documents: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Follow indexes to the manifest of the image; others are attestations."""
    while "layers" not in found:
        (found,) = (
            documents[_path(item["digest"])]
            for item in found["manifests"]
            if item.get("platform", {}).get("os") != "unknown"
        )
    return found


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _words(step: str) -> str:
    """Return the start of what a step ran, without its shell."""
    for shell in ("-euo pipefail -c ", "/bin/bash -c ", "/bin/sh -c "):
        step = step.rpartition(shell)[2]
    return " ".join(step.replace("|", "\\|").split())[:90]
