"""The examples of docs/matrix.md are one matrix in parts."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.config.overlay_merge import merge
from image_matrix.config.read import read_matrix
from image_matrix.dockerfiles.context_reader import NO_FILES
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all
from image_matrix.validate.downloads import INSTALLER
from tools.reference import BEGIN, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded


DOCKERFILES = {
    "stack/Dockerfile": "FROM debian:trixie-slim\n",
    "tools/Dockerfile": "FROM golang:1.24\n",
    "lab/Dockerfile.cuda": (
        "ARG VERSION\nFROM ghcr.io/example/notebooks/stack AS final\nCOPY --from=example.org/old/tools /x /x\n"
    ),
}
FILES = {
    **DOCKERFILES,
    "files/report.sh": "#!/bin/sh\n",
    "scripts/kernels.sh": "#!/bin/bash -eu\n",
    "keys/example.asc": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
    "debs/driver.deb": "!<arch>\n",
}
CONTEXTS = replace(
    NO_FILES,
    read=lambda path: FILES[path].encode() if path in FILES else None,
    names=lambda folder: [folder],
    mode=lambda path: "100755" if path in FILES else None,
)
"""The Dockerfiles and files that the page speaks of."""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    prose = (REPOSITORY / "docs/matrix.md").read_text(encoding="utf-8").partition(BEGIN)[0]
    parts: list[Mapping[str, Any]] = [
        yaml.safe_load(text)
        for text in re.findall(r"^```yaml\n(.*?)^```$", prose, flags=re.MULTILINE | re.DOTALL)
    ]
    assert len(parts) >= 10
    text = yaml.safe_dump(reduce(merge, parts))
    return load({"matrix.yaml": text}, read_templates(REPOSITORY).kinds, contexts=CONTEXTS)


def test_the_examples_render(loaded: Loaded) -> None:
    assert not loaded.warnings
    assert "images/base/python3.11/Dockerfile" in render_all(loaded, Pins(), read_templates(REPOSITORY))


def test_the_page_is_enough_for_conda(loaded: Loaded) -> None:
    files = render_all(loaded, Pins(), read_templates(REPOSITORY))
    text = files["images/jupyter-geo/python3.13/Dockerfile"].content.decode()
    assert "releases/download/2.9.0-0/micromamba-linux-64\n" in text
    assert "releases/download/2.9.0-0/micromamba-linux-aarch64\n" in text
    assert "    gdal=3.12 \\\n    r-base=4.5 \\\n    r-irkernel\n" in text
    assert "    PATH=${PATH}:/opt/conda/bin\n" in text


def test_the_remedy_of_a_missing_micromamba_is_what_the_page_has(loaded: Loaded) -> None:
    advised = read_matrix({"registry": "", "images": {}, "downloads": yaml.safe_load(INSTALLER)}).downloads
    assert advised["micromamba"] == loaded.matrix.downloads["micromamba"]


def test_what_the_page_says_follows(loaded: Loaded) -> None:
    variants = loaded.variants
    assert variants["base:python3.11"].root_source == "debian-bookworm"
    assert variants["base:python3.11"].packages["apt"] == ("libnss-wrapper",)
    assert "jupyter-data:python3.11" not in variants
    data = variants["jupyter-data:python3.13"]
    assert data.tests["commands"] == {"python --version": "3.13"}
    assert data.max_size == "2GB"
    assert data.env == {"LANG": "C.UTF-8", "MPLBACKEND": "agg"}
    assert data.labels == {"org.opencontainers.image.licenses": "Apache-2.0"}
    assert data.platforms == ("linux/amd64", "linux/arm64")
    assert variants["base:python3.11"].provides == {"python": "3.11"}
    assert variants["jupyter-pytorch:python3.13"].extra_index_urls == (
        "https://download.pytorch.org/whl/cpu",
    )
    assert variants["jupyter:python3.11"].parent == "base:python3.11"
    assert variants["jupyter-science:python3.13"].packages["pip"] == ("numpy==2.4.5", "scipy==1.17.1")
    cuda = variants["jupyter-pytorch-cuda:python3.13"]
    assert cuda.extra_index_urls == ("https://download.pytorch.org/whl/cu130",)
    assert cuda.env["NVIDIA_REQUIRE_CUDA"] == "cuda>=13.0"
    assert cuda.platforms == ("linux/amd64",)
    assert loaded.matrix.workflow.timeout("jupyter-pytorch-cuda", "linux/amd64") == 120
    assert loaded.matrix.workflow.timeout("jupyter-pytorch-cuda", "linux/arm64") == 60
    assert loaded.matrix.release.sign.tool == "cosign"
    assert list(loaded.matrix.catalog.profiles["data-science"].sizes.names) == ["small"]
