"""The reference matrix of this repository, and what its profiles become."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.offer import IMAGE_OPTION, SIZE_OPTION, Offer, offers
from image_matrix.profiles.pod import Pod, pod
from image_matrix.profiles.references import with_sources
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.render.kubernetes.outputs import deploy_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded

ROOT = Path(__file__).parent.parent.parent
PROFILES = Path(__file__).parent.parent / "profiles"


@cache
def reference() -> Loaded:
    inputs = read_inputs(ROOT)
    return load(inputs.texts, inputs.templates.kinds)


def small(*overlays: str) -> Loaded:
    """The base of tests/profiles with overlays' texts on top."""
    texts = {"base.yaml": (PROFILES / "base.yaml").read_text(encoding="utf-8")}
    texts |= {f"overlay-{at}.yaml": text for at, text in enumerate(overlays)}
    return load(texts, ["base"])


def references(loaded: Loaded, mark: str = "0123456789ab", digest: str = "") -> dict[str, str]:
    at = f"@sha256:{digest * 64}" if digest else ""
    registry = loaded.matrix.registry
    named = {item.id: f"{registry}/{item.image}:{item.label}-{mark}{at}" for item in loaded.variants.values()}
    return with_sources(loaded.matrix, named, lambda reference: f"{reference}{at}")


def deployed(loaded: Loaded, **how: str) -> dict[str, str]:
    files = deploy_files(loaded.matrix, loaded.variants, references(loaded, **how))
    return {path: file.content.decode() for path, file in files.items()}


def expected(loaded: Loaded) -> dict[tuple[str, str, str], Pod]:
    """Slug, image key and size key to the pod that `profiles show` prints."""
    named = references(loaded)
    return {
        (offer.slug, image.key, size.key): pod(loaded.matrix, offer, image, size, named)
        for offer in offers(loaded.matrix, loaded.variants)
        for image in offer.images
        for size in offer.sizes
    }


def keys_of(loaded: Loaded, slug: str, choice: Mapping[str, str]) -> tuple[str, str, str]:
    """The key of :func:`expected` for what was posted; an option of one choice is not in the form."""
    offer: Offer = next(item for item in offers(loaded.matrix, loaded.variants) if item.slug == slug)
    image = choice.get(IMAGE_OPTION, offer.images[0].key)
    return slug, image, choice.get(SIZE_OPTION, offer.sizes[0].key)


def facts(manifest: dict[str, Any]) -> dict[str, Any]:
    """What of a pod manifest `profiles show` speaks about."""
    spec = manifest["spec"]
    container = spec["containers"][0]
    resources = container.get("resources", {})
    limits, requests = dict(resources.get("limits", {})), dict(resources.get("requests", {}))
    shm = [v["emptyDir"]["sizeLimit"] for v in spec.get("volumes", []) if v["name"] == "shm"]
    return {
        "image": container["image"],
        "image_pull_policy": container.get("imagePullPolicy"),
        "working_dir": container.get("workingDir"),
        "cpu": (requests.pop("cpu", None), limits.pop("cpu", None)),
        "memory": (requests.pop("memory", None), limits.pop("memory", None)),
        "devices": limits,
        "huge_pages": requests,
        "node_selector": spec.get("nodeSelector", {}),
        "tolerations": spec.get("tolerations", []),
        "runtime_class": spec.get("runtimeClassName"),
        "shm": shm,
        "init_containers": [item["name"] for item in spec.get("initContainers", [])],
        "affinity": spec.get("affinity", {}),
        "mounts": sorted(item["mountPath"] for item in container.get("volumeMounts", [])),
        "env": {item["name"]: item.get("value") for item in container.get("env", [])},
    }
