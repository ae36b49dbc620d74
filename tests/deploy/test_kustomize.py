"""``kubectl kustomize``: both ways in which Flux may build ``deploy/``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from image_matrix.config.sites import Site
from tests import yaml_files
from tests.deploy.support import ROOT, deployed, reference, small
from tests.environments import python_of

WEB_APP = Path(__file__).with_name("web_app")
"""Stand-ins for the kustomizations of Kubeflow's web app."""


def write(files: dict[str, str], folder: Path) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def objects(folder: Path) -> list[dict[str, Any]]:
    kubectl = python_of("kubectl").with_name("kubectl")
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, check=True)
    return list(yaml_files.load_all(done.stdout))


def build(folder: Path) -> dict[str, Any]:
    return {item["kind"]: item for item in objects(folder)}


def test_the_config_map_keeps_its_name_and_its_labels(tmp_path: Path) -> None:
    files = deployed(reference())
    write(files, tmp_path)
    built = build(tmp_path / "deploy" / "hub" / "jupyterhub")["ConfigMap"]
    assert built["metadata"]["name"] == Site().configmap
    assert built["data"]["values.yaml"] == files["deploy/hub/jupyterhub/values.yaml"]
    assert built["metadata"]["labels"]["reconcile.fluxcd.io/watch"] == "Enabled"
    assert built["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"


@pytest.mark.parametrize("site", ["{}", "sites: {hub: {configmap: {namespace: flux-system}}}"])
def test_the_generated_name_changes_with_the_content_and_the_release_follows(
    tmp_path: Path, site: str
) -> None:
    """As docs/flux.md has it for Flux before 2.7, with the folder in place of its address."""
    own = next(item for item in blocks("flux.md") if "resources" in item)
    assert own["resources"][1].rpartition("//")[2] == "deploy/hub?ref=release"
    names = []
    for mark in ("a", "b"):
        files = deployed(small(site), mark=mark * 12)
        release = files["deploy/hub/helmrelease.example.yaml"]
        resources = [own["resources"][0], "../deploy/hub"]
        more = {
            "own/kustomization.yaml": yaml.safe_dump({**own, "resources": resources}),
            f"own/{resources[0]}": release,
        }
        write({**files, **more}, tmp_path / mark)
        built = build(tmp_path / mark / "own")
        names.append(built["ConfigMap"]["metadata"]["name"])
        assert built["HelmRelease"]["spec"]["valuesFrom"][0]["name"] == names[-1]
        assert built["ConfigMap"]["metadata"]["labels"]["reconcile.fluxcd.io/watch"] == "Enabled"
        assert built["DaemonSet"]["metadata"]["namespace"] == "jupyterhub"
    assert names[0] != names[1]
    assert all(name.startswith(f"{Site().configmap}-") for name in names)


def blocks(page: str) -> list[dict[str, Any]]:
    """What a page of the documentation has in YAML."""
    texts = (ROOT / "docs" / page).read_text(encoding="utf-8").split("```yaml\n")[1:]
    return [item for text in texts for item in yaml_files.load_all(text.split("```")[0])]


def test_images_are_pulled_apart_from_what_is_offered(tmp_path: Path) -> None:
    write(deployed(reference()), tmp_path)
    assert set(build(tmp_path / "deploy" / "hub" / "jupyterhub")) == {"ConfigMap"}
    assert set(build(tmp_path / "deploy" / "hub" / "prepull")) == {"DaemonSet"}


SITE = "sites: {{kubeflow: {{kubeflow: {{{}}}}}}}"
LOCAL = "web_app: ../../../../web_app/istio"


def kubeflow(folder: Path, **how: str) -> Path:
    """The rendered files beside a stand-in for the web app; return the folder that Flux builds."""
    shutil.copytree(WEB_APP, folder / "web_app")
    write(deployed(small(SITE.format(LOCAL)), **how), folder)
    return folder / "deploy" / "kubeflow" / "kubeflow"


@pytest.mark.parametrize("path", [".", "notebooks-1"])
def test_the_web_app_of_kubeflow_mounts_our_list(tmp_path: Path, path: str) -> None:
    names = []
    for mark in ("a", "b"):
        folder = kubeflow(tmp_path / mark, mark=mark * 12)
        built = objects(folder / path)
        (config,) = (item for item in built if "spawner_ui_config.yaml" in item.get("data", {}))
        ours = (folder / "notebooks-1" / "form" / "spawner_ui_config.yaml").read_text(encoding="utf-8")
        assert config["data"]["spawner_ui_config.yaml"] == ours
        assert config["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
        (deployment,) = (item for item in built if item["kind"] == "Deployment")
        (volume,) = deployment["spec"]["template"]["spec"]["volumes"]
        assert volume["configMap"]["name"] == config["metadata"]["name"]
        names.append(config["metadata"]["name"])
    assert names[0] != names[1]  # so the web app restarts with the new list


def test_a_kustomization_of_ones_own_takes_the_list_as_a_component(tmp_path: Path) -> None:
    folder = kubeflow(tmp_path)
    own = {
        "resources": ["../web_app/istio"],
        "components": [f"../{folder.relative_to(tmp_path)}/notebooks-1/form"],
    }
    write({"own/kustomization.yaml": yaml.safe_dump(own)}, tmp_path)
    configs = [item for item in objects(tmp_path / "own") if item["kind"] == "ConfigMap"]
    assert any("jupyter-scipy" in item["data"].get("spawner_ui_config.yaml", "") for item in configs)


@pytest.mark.parametrize(
    ("version", "more", "kinds"),
    [("1", f", {LOCAL}", {"Deployment", "ConfigMap"}), ("2", "", {"WorkspaceKind"})],
)
def test_a_site_names_the_notebooks_that_it_has(
    tmp_path: Path, version: str, more: str, kinds: set[str]
) -> None:
    shutil.copytree(WEB_APP, tmp_path / "web_app")
    write(deployed(small(SITE.format(f"notebooks: {version}{more}"))), tmp_path)
    folder = tmp_path / "deploy" / "kubeflow" / "kubeflow"
    assert {item.name for item in folder.iterdir()} == {"kustomization.yaml", f"notebooks-{version}"}
    assert set(build(folder)) == kinds


def test_workspace_kinds_can_be_applied_alone(tmp_path: Path) -> None:
    built = build(kubeflow(tmp_path) / "notebooks-2")
    assert set(built) == {"WorkspaceKind"}
    assert (
        built["WorkspaceKind"]["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/substitute"] == "disabled"
    )


def test_pod_defaults_are_applied_in_the_namespaces_of_users(tmp_path: Path) -> None:
    write(deployed(small("profiles: {gpu: {env: {TEAM: ml}}}")), tmp_path)
    defaults = tmp_path / "deploy" / "kubeflow" / "kubeflow" / "notebooks-1" / "pod-defaults"
    own = {"namespace": "team-a", "resources": [f"../{defaults.relative_to(tmp_path)}"]}
    write({"own/kustomization.yaml": yaml.safe_dump(own)}, tmp_path)
    (built,) = objects(tmp_path / "own")
    assert (built["kind"], built["metadata"]["name"], built["metadata"]["namespace"]) == (
        "PodDefault",
        "gpu",
        "team-a",
    )


def test_the_web_app_of_a_release_of_kubeflow_is_the_default() -> None:
    files = deployed(reference())
    kustomization = yaml_files.load(files["deploy/kubeflow/kubeflow/notebooks-1/kustomization.yaml"])
    (address,) = kustomization["resources"]
    assert address.startswith("https://github.com/kubeflow/notebooks//")
    assert address.endswith("?ref=v1.11.0")


SITES = """
sites:
  hub:
  kubeflow:
  staging: {chart: "4.4.0"}
  research: {chart: "4.4.0", namespace: research}
  notebooks: {spawner: kubeflow, kubeflow: {web_app: ../../../../web_app/istio}}
profiles: {gpu: {env: {TEAM: ml}, sites: [research, notebooks]}}
"""


def test_every_kustomization_of_two_hubs_and_a_kubeflow_can_be_built(tmp_path: Path) -> None:
    shutil.copytree(WEB_APP, tmp_path / "web_app")
    files = deployed(small(SITES))
    write(files, tmp_path)
    folders = [
        Path(path).parent
        for path, text in files.items()
        if path.endswith("/kustomization.yaml") and yaml_files.load(text)["kind"] == "Kustomization"
    ]
    assert {folder.parts[1] for folder in folders} == {"staging", "research", "notebooks"}
    kinds = {str(folder): {item["kind"] for item in objects(tmp_path / folder)} for folder in folders}
    assert kinds["deploy/notebooks/kubeflow"] == {"ConfigMap", "Deployment", "WorkspaceKind"}
    assert kinds["deploy/notebooks/kubeflow/notebooks-1/pod-defaults"] == {"PodDefault"}
    assert all("ConfigMap" in kinds[f"deploy/{site}/jupyterhub"] for site in ("staging", "research"))


PAGE = ROOT / "docs" / "kubeflow.md"


def documented() -> list[dict[str, Any]]:
    """What docs/kubeflow.md has in YAML: a section of matrix.yaml, two manifests, a part of a kustomization."""
    blocks = [block.split("```")[0] for block in PAGE.read_text(encoding="utf-8").split("```yaml\n")[1:]]
    return [item for block in blocks for item in yaml_files.load_all(block)]


def test_the_page_about_kubeflow_names_folders_that_are_there() -> None:
    files = deployed(small("profiles: {gpu: {env: {TEAM: ml}}}"))
    folders = {str(Path(path).parent) for path in files}
    (repository,) = (item for item in documented() if item.get("kind") == "GitRepository")
    kustomizations = [item for item in documented() if item.get("kind") == "Kustomization"]
    assert len(kustomizations) == 2
    for item in kustomizations:
        assert item["spec"]["path"].removeprefix("./") in folders
        assert item["spec"]["sourceRef"] == {"kind": "GitRepository", "name": repository["metadata"]["name"]}
    (own,) = (item for item in documented() if "components" in item)
    (component,) = own["components"]
    assert "deploy/" + component.partition("//deploy/")[2].partition("?")[0] in folders


def test_the_sections_of_the_page_about_kubeflow_are_sites() -> None:
    sections = [item for item in documented() if "sites" in item]
    for section, versions in zip(sections, ("1", "2", "12"), strict=True):
        loaded = small(yaml.safe_dump(section))
        assert not loaded.warnings
        start = "deploy/kubeflow/kubeflow/notebooks-"
        assert {path.removeprefix(start)[0] for path in deployed(loaded) if path.startswith(start)} == set(
            versions
        )
