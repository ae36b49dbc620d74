"""Labels that tell Flux what it may do with the objects of ``deploy/``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import yaml_files
from tests.deploy.support import deployed, reference, small

if TYPE_CHECKING:
    from image_matrix.json_data import Json

BUILDKIT = (Path(__file__).parent / "buildkit.yaml").read_text(encoding="utf-8")
EVERY_TEXT = (Path(__file__).parent.parent / "validate" / "every_text.yaml").read_text(encoding="utf-8")
OPEN_DATA_HUB = "sites: {hub: {}, odh: {spawner: opendatahub, buildkit: {}}}"
AS_IT_IS = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
"""Source: https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution"""


def applied(text: str) -> list[dict[str, Json]]:
    """The labels of each object in a file that kustomize applies or generates."""
    found: list[dict[str, Json]] = []
    for item in yaml_files.load_all(text):
        if not isinstance(item, dict) or "kind" not in item:
            continue
        if item["kind"] in ("Kustomization", "Component"):
            found += [made["options"]["labels"] for made in item.get("configMapGenerator", [])]
        else:
            found.append(item["metadata"].get("labels", {}))
    return found


@pytest.mark.parametrize("overlays", [[BUILDKIT], [EVERY_TEXT], [OPEN_DATA_HUB], []])
def test_flux_expands_no_variable_in_any_object(overlays: list[str]) -> None:
    """With ``postBuild``, Flux would read `${HOME}` of a command as a variable of its own."""
    loaded = small(*overlays) if overlays else reference()
    files = {path: text for path, text in deployed(loaded).items() if path.endswith(".yaml")}
    labels = {
        path: applied(text)
        for path, text in files.items()
        if not path.endswith(".example.yaml")  # to be copied; it has no text of profiles
    }
    assert sum(map(len, labels.values())) >= 3
    assert [
        path for path, every in labels.items() if not all(AS_IT_IS.items() <= one.items() for one in every)
    ] == []
