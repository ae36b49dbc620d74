"""Every manifest that users get from us: those of deploy/, of several matrices, and those of the pages in docs/."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import yaml_files
from tests.deploy.support import ROOT, deployed, reference, small

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.kube import Object

EVERYTHING = (Path(__file__).parent.parent / "deploy" / "buildkit.yaml").read_text(encoding="utf-8")
SCHEDULED = """
sites: {hub: {buildkit: {job: {image: jupyter-scipy, repository: "https://git.example.org/team/notebooks.git",
  login: registries, schedule: 5 4 * * *}}}}
"""
LEFT_OUT = {
    "Component": "read by kustomize, never applied",
    "Kustomization": "the same, and Flux', which a cluster may lack",
    "GitRepository": "Flux'",
    "OCIRepository": "Flux'",
    "HelmRepository": "Flux'",
    "HelmRelease": "Flux'",
    "WorkspaceKind": "Kubeflow's",
    "PodDefault": "Kubeflow's",
    "SecurityContextConstraints": "OpenShift's",
    "ImageStream": "OpenShift's",
    "ExternalSecret": "External Secrets'",
    "Certificate": "cert-manager's",
    "Application": "Argo CD's",
}
"""Kinds that an API server knows only with somebody's definitions."""


def group(item: Object) -> str:
    """Return the API group of a manifest; nothing for the core group."""
    return str(item["apiVersion"]).rpartition("/")[0]


def is_manifest(item: Any) -> bool:
    return isinstance(item, dict) and {"apiVersion", "kind"} <= item.keys()


def of_deploy() -> dict[str, list[Object]]:
    """Return the manifests of the reference matrix and of one with every setting of BuildKit, by path."""
    named = {
        "": deployed(reference()),
        "everything: ": deployed(small(EVERYTHING)),
        "scheduled: ": deployed(small(SCHEDULED)),
    }
    return {
        f"{name}{path}": found
        for name, files in named.items()
        for path, text in files.items()
        if path.endswith(".yaml")
        and (found := [item for item in yaml_files.load_all(text) if is_manifest(item)])
    }


def of_docs() -> dict[str, list[Object]]:
    """Return the manifests of the pages, block by block: fenced ones, and those indented as code."""
    return {
        f"{page.relative_to(ROOT)}:{line}": found
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for line, block in blocks(page.read_text(encoding="utf-8"))
        if (found := [item for item in yaml_files.load_all(block) if is_manifest(item)])
    }


def blocks(page: str) -> Iterator[tuple[int, str]]:
    """Yield YAML of a page, and the line it begins in."""
    for found in re.finditer(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        if "apiVersion:" in found[1]:  # others are parts of files, with dots for the rest
            yield page.count("\n", 0, found.start()) + 2, found[1]
    for found in re.finditer(r"(?:^    .*\n)+", page, re.MULTILINE):
        text = textwrap.dedent(found[0])
        if text.startswith("apiVersion:"):
            yield page.count("\n", 0, found.start()) + 1, text


def namespaces(items: list[Object]) -> list[Object]:
    """Return a Namespace for each that manifests name."""
    names = sorted(
        {item["metadata"]["namespace"] for item in items if "namespace" in item.get("metadata", {})}
    )
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
