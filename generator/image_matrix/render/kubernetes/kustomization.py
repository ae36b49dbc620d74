"""Renders kustomizations: the files of kustomize that bring a folder to a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.json_data import Json

_API = "kustomize.config.k8s.io"


def kustomization(**fields: Json) -> dict[str, Json]:
    """Return a kustomization with these fields."""
    return {"apiVersion": f"{_API}/v1beta1", "kind": "Kustomization", **fields}


def component(**fields: Json) -> dict[str, Json]:
    """Return a component, which a kustomization takes in."""
    return {"apiVersion": f"{_API}/v1alpha1", "kind": "Component", **fields}
