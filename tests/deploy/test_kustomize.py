"""``kubectl kustomize``: both ways in which Flux may build ``deploy/``."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.config.sites import Site
from tests import yaml_files
from tests.deploy.support import deployed, reference
from tests.environments import python_of

if TYPE_CHECKING:
    from pathlib import Path


def write(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def build(folder: Path) -> dict[str, Any]:
    kubectl = python_of("kubectl").with_name("kubectl")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=True)
    return {item["kind"]: item for item in yaml_files.load_all(done.stdout)}


def test_the_config_map_keeps_its_name_and_its_labels(tmp_path: Path) -> None:
    files = deployed(reference())
    write(files, tmp_path)
    built = build(tmp_path / "deploy" / "hub" / "jupyterhub")["ConfigMap"]
    assert built["metadata"]["name"] == Site().configmap
    assert built["data"]["values.yaml"] == files["deploy/hub/jupyterhub/values.yaml"]
    assert built["metadata"]["labels"]["reconcile.fluxcd.io/watch"] == "Enabled"
    assert built["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"


def test_the_generated_name_changes_with_the_content_and_the_release_follows(tmp_path: Path) -> None:
    names = []
    for mark in ("a", "b"):
        files = deployed(reference(), mark=mark * 12)
        kustomization = yaml_files.load(files["deploy/hub/kustomization.yaml"])
        kustomization["resources"].append("helmrelease.example.yaml")
        write({**files, "deploy/hub/kustomization.yaml": yaml.safe_dump(kustomization)}, tmp_path / mark)
        built = build(tmp_path / mark / "deploy" / "hub")
        names.append(built["ConfigMap"]["metadata"]["name"])
        assert built["HelmRelease"]["spec"]["valuesFrom"][0]["name"] == names[-1]
        assert built["ConfigMap"]["metadata"]["labels"]["reconcile.fluxcd.io/watch"] == "Enabled"
    assert names[0] != names[1]
    assert all(name.startswith(f"{Site().configmap}-") for name in names)
