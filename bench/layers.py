"""The layers of an image as a registry has them: what a node pulls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.support import docker


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its digest, its compressed size in bytes and the step that made it."""

    digest: str
    bytes: int
    step: str


def push(image: str) -> tuple[Layer, ...]:
    """Push an image of the engine's store to its registry; return its layers from the bottom up."""
    docker("push", "--quiet", image)
    manifest: dict[str, Any] = json.loads(docker("buildx", "imagetools", "inspect", "--raw", image))
    for child in manifest.get("manifests", ()):
        if child["platform"]["os"] != "unknown":  # an attestation
            repository = image.rpartition(":")[0]
            child_name = f"{repository}@{child['digest']}"
            manifest = json.loads(docker("buildx", "imagetools", "inspect", "--raw", child_name))
            break
    config = json.loads(docker("buildx", "imagetools", "inspect", "--format={{json .Image}}", image))
    made = [entry["created_by"] for entry in config["history"] if not entry.get("empty_layer")]
    return tuple(
        Layer(layer["digest"], layer["size"], _words(step))
        for layer, step in zip(manifest["layers"], made, strict=True)
    )


def _words(step: str) -> str:
    """Return the start of what a step ran, without its shell."""
    for shell in ("-euo pipefail -c ", "/bin/bash -c ", "/bin/sh -c "):
        step = step.rpartition(shell)[2]
    return " ".join(step.replace("|", "\\|").split())[:90]
