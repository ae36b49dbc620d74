"""The examples of docs/guides/gpus.md are one matrix in parts, and its table is the program's."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.config.accelerators import Accelerator
from image_matrix.config.drivers import min_driver
from image_matrix.config.overlay_merge import merge
from image_matrix.project.load import load
from image_matrix.render.kubernetes.outputs import deploy_files
from image_matrix.verify.driver_folder import CHECK
from tests.deploy.support import references
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

PAGE = (REPOSITORY / "docs/guides/gpus.md").read_text(encoding="utf-8")
REST = """
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8, jupyterhub==5.5.0]}
  jupyter: {from: base, kind: jupyter}
  jupyter-pytorch-cuda: {from: jupyter, accelerator: cuda13}
sizes:
  rocm: {display_name: AMD, devices: {amd.com/gpu: 1}}
  xpu: {display_name: Intel, devices: {gpu.intel.com/xe: 1}}
profiles:
  gpu: {display_name: NVIDIA, images: [jupyter-pytorch-cuda], sizes: [gpu]}
  rocm: {display_name: AMD, images: [jupyter-pytorch-rocm], sizes: [rocm]}
  xpu: {display_name: Intel, images: [jupyter-pytorch-xpu], sizes: [xpu]}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    parts: list[dict[str, Any]] = [yaml.safe_load(text) for text in (REST, *blocks)]
    return load({"matrix.yaml": yaml.safe_dump(reduce(merge, parts), sort_keys=False)}, ["base", "jupyter"])


def test_the_examples_are_valid_and_warn_of_nothing(loaded: Loaded) -> None:
    assert loaded.warnings == ()


def test_images_get_what_the_page_says(loaded: Loaded) -> None:
    image = {name.partition(":")[0]: item for name, item in loaded.variants.items()}
    assert image["jupyter-pytorch-cuda"].env["NVIDIA_REQUIRE_CUDA"] == "cuda>=13.0"
    assert image["jupyter-pytorch-cuda"].path == ("/usr/local/nvidia/bin",)
    assert image["jupyter-pytorch-rocm"].extra_index_urls == ("https://download.pytorch.org/whl/rocm6.4",)
    assert image["jupyter-pytorch-xpu"].extra_index_urls == ("https://download.pytorch.org/whl/xpu",)


def test_sites_get_what_the_page_says(loaded: Loaded) -> None:
    named = references(loaded)
    files = {
        path: file.content.decode()
        for path, file in deploy_files(loaded.matrix, loaded.variants, named).items()
    }
    assert "cloud.google.com/gke-accelerator: nvidia-l4" in files["deploy/gke/prepull/daemonsets.yaml"]
    assert "key: sku" in files["deploy/aks/jupyterhub/configmap.yaml"]
    assert "runtimeClassName: nvidia" in files["deploy/metal/jupyterhub/configmap.yaml"]
    for site in ("gke", "aks", "metal"):
        assert "nvidia.com/cuda.driver-version.major" in files[f"deploy/{site}/jupyterhub/configmap.yaml"]


def test_the_table_of_drivers_is_the_program_s() -> None:
    rows = re.findall(r"^\| (\d+)\.x \| (\d+) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) == 3
    for major, driver in rows:
        assert min_driver(Accelerator("x", version=f"{major}.1", device="nvidia.com/gpu")) == driver
    assert f"`{CHECK}`" in PAGE
