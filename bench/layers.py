"""The layers of an image as a registry has them: what a node pulls."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its digest, its compressed size in bytes and the step that made it."""

    digest: str
    bytes: int
    step: str


def push(image: str) -> tuple[Layer, ...]:
    """Push an image of the engine's store to its registry; return its layers from the bottom up."""
    _docker("push", "--quiet", image)
    manifest: dict[str, Any] = json.loads(_docker("buildx", "imagetools", "inspect", "--raw", image))
    for child in manifest.get("manifests", ()):
        if child["platform"]["os"] != "unknown":  # an attestation
            repository = image.rpartition(":")[0]
            child_name = f"{repository}@{child['digest']}"
            manifest = json.loads(_docker("buildx", "imagetools", "inspect", "--raw", child_name))
            break
    config = json.loads(_docker("buildx", "imagetools", "inspect", "--format={{json .Image}}", image))
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


def _docker(*arguments: str) -> str:
    done = subprocess.run(("docker", *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
