"""Three hubs and one Kubeflow of one matrix: the example of docs/catalog.md, rendered, built and composed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.cli import run
from tests import yaml_files
from tests.deploy.support import ROOT, deployed, small
from tests.deploy.test_kustomize import objects, write

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = """
images:
  jupyter-data: {from: jupyter}
  jupyter-pytorch-cuda: {from: jupyter, accelerator: cuda, pip: [torch==2.12.0]}
  jupyter-cuda: null
sizes: {small: null}
profiles: {data-science: null, gpu: null}
sites: {hub: null, kubeflow: null}
"""
"""What the base of tests/profiles has otherwise."""
DEVICES = """
sizes: {gpu: {display_name: 1 GPU, devices: {nvidia.com/gpu: 1}, sites: [research, staging]}}
profiles: {torch: {display_name: PyTorch, images: [jupyter-pytorch-cuda], sizes: [gpu]}}
sites: {research: {devices: {nvidia.com/gpu: {runtime_class: nvidia}}}}
"""


def example() -> str:
    """The section of docs/catalog.md about several sites."""
    texts = (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8").split("```yaml\n")[1:]
    (text,) = (text.split("```")[0] for text in texts if "teaching:" in text)
    return text


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return deployed(small(IMAGES, example(), DEVICES))


def profiles(files: dict[str, str], site: str) -> dict[str, Any]:
    values = yaml_files.load(files[f"deploy/{site}/jupyterhub/values.yaml"])
    return {item["slug"]: item for item in values["singleuser"]["profileList"]}


def test_each_site_has_a_folder_with_what_it_offers(files: dict[str, str]) -> None:
    assert {path.split("/")[1] for path in files} == {"staging", "research", "teaching", "notebooks"}
    offered = {site: [*profiles(files, site)] for site in ("staging", "research", "teaching")}
    assert offered == {
        "staging": ["science", "models", "torch"],
        "research": ["science", "models", "torch"],
        "teaching": ["science"],
    }  # fmt: skip


def test_choices_and_overrides_are_those_of_the_site(files: dict[str, str]) -> None:
    staging, teaching = profiles(files, "staging")["science"], profiles(files, "teaching")["science"]
    assert {*staging["profile_options"]["image"]["choices"]} == {"data", "plain"}
    assert "profile_options" not in teaching
    assert "/jupyter-data:" in teaching["kubespawner_override"]["image"]
    limits = [item["kubespawner_override"]["mem_limit"] for item in (staging, teaching)]
    assert limits == ["32G", "8G"]
    assert teaching["description"].startswith("For the courses")
    runtime = {
        site: profiles(files, site)["torch"]["kubespawner_override"].get("extra_pod_config")
        for site in ("staging", "research")
    }
    assert runtime == {"staging": None, "research": {"runtimeClassName": "nvidia"}}


@pytest.mark.slow
def test_each_folder_is_built_by_kustomize(files: dict[str, str], tmp_path: Path) -> None:
    write(files, tmp_path)
    for site, namespace in (("staging", "jupyterhub"), ("research", "jupyterhub"), ("teaching", "teaching")):
        for folder, kind in (("jupyterhub", "ConfigMap"), ("prepull", "DaemonSet")):
            built = objects(tmp_path / "deploy" / site / folder)
            assert {(item["kind"], item["metadata"]["namespace"]) for item in built} == {(kind, namespace)}
    kinds = objects(tmp_path / "deploy" / "notebooks" / "kubeflow" / "notebooks-2")
    assert {item["kind"] for item in kinds} == {"WorkspaceKind"}


@pytest.mark.slow
def test_each_hub_is_composed_with_its_own_release(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = small(IMAGES, example(), DEVICES).documents.value
    (tmp_path / "matrix.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    write(files, tmp_path / "rendered")
    charts = {"staging": "4.4.0", "research": "4.2.0", "teaching": "4.4.0"}
    for site, chart in charts.items():
        release = tmp_path / "rendered" / "deploy" / site / "helmrelease.example.yaml"
        assert f"version: {chart}" in release.read_text().replace('"', "")
        merge = ["-C", str(tmp_path), "profiles", "merge", "--strict", "--helmrelease", str(release)]
        assert run([*merge, "--site", site, "--format", "yaml"]) == 0
        composed = yaml_files.load(capsys.readouterr().out)
        assert composed["singleuser"]["startTimeout"] == 1200
        assert [item["slug"] for item in composed["singleuser"]["profileList"]] == [*profiles(files, site)]
    assert run(merge) == 2
    assert "add `--site NAME`: staging, research, teaching" in capsys.readouterr().err
    assert run([*merge, "--site", "notebooks"]) == 2
    assert "the spawner of the site `notebooks` is not jupyterhub" in capsys.readouterr().err
