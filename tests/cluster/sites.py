"""Two sites: a hub that follows releases, and one that follows a channel, with the files of docs/flux.md."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import yaml_files

if TYPE_CHECKING:
    from tests.cluster.kube import Object

SOURCES = ("GitRepository", "OCIRepository")
MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"
SITES = {
    "hub": {"chart": "4.4.0"},
    "teaching": {"chart": "4.4.0", "namespace": "teaching", "channel": "stable"},
}
COURSE = {"display_name": "Course", "images": ["lab"], "sizes": ["small"], "sites": ["teaching"]}


def two_sites(release: dict[str, Any]) -> dict[str, Any]:
    """Return a matrix whose sites do not offer the same."""
    matrix: dict[str, Any] = yaml_files.load(MATRIX.read_text(encoding="utf-8"))
    profiles = {**matrix["profiles"], "course": COURSE}
    return {**matrix, "profiles": profiles, "sites": SITES, "release": release}


def of_teaching(items: list[Object]) -> list[Object]:
    """Return the documented files of the first site as the page says that a further one has them."""
    made = copy.deepcopy(items)
    for item in made:
        if item["kind"] in SOURCES:
            item["metadata"]["name"] += "-teaching"
        elif item["kind"] == "Kustomization":
            item["metadata"]["name"] += "-teaching"
            item["spec"]["path"] = item["spec"]["path"].replace("/hub/", "/teaching/")
            item["spec"]["sourceRef"]["name"] += "-teaching"
            for other in item["spec"].get("dependsOn", ()):
                other["name"] += "-teaching"
        elif item["kind"] == "Namespace":
            item["metadata"]["name"] = "teaching"
        else:
            item["metadata"]["namespace"] = "teaching"
    return made
