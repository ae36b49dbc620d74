"""The CustomResourceDefinition of Kubeflow's WorkspaceKind, made from the schema that ``../shared/schemas`` has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.deploy.test_schemas import SCHEMAS

if TYPE_CHECKING:
    from tests.cluster.kube import Object

FILE = SCHEMAS / "workspacekind-kubeflow-v1beta1.json"


def definition() -> Object:
    """Return the definition; an API server wants the schema of ``metadata`` to be its own."""
    schema: dict[str, Any] = structural(json.loads(FILE.read_text(encoding="utf-8")))
    schema["properties"] |= {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
    }
    version = {
        "name": "v1beta1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }
    names = {"kind": "WorkspaceKind", "plural": "workspacekinds", "singular": "workspacekind"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "workspacekinds.kubeflow.org"},
        "spec": {"group": "kubeflow.org", "scope": "Cluster", "names": names, "versions": [version]},
    }


def structural(node: Any) -> Any:
    """Take away what the schema got when it was made of a definition: what an API server says by other means."""
    if isinstance(node, list):
        return [structural(item) for item in node]
    if not isinstance(node, dict):
        return node
    added = {"$schema", "const"} | ({"type"} if node.get("x-kubernetes-int-or-string") is True else set())
    return {key: structural(item) for key, item in node.items() if key not in added}
