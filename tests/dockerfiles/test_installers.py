"""What a Dockerfile shows of package managers: packages of apt and commands, in the stages of its target alone."""

from __future__ import annotations

import pytest

from image_matrix.config.dockerfile_build import DockerfileBuild
from image_matrix.dockerfiles.installers import of_chain, shown_installers
from image_matrix.dockerfiles.instructions import parse

SHOWN = {
    "apt-get update && apt-get install -y git python3-pip": {"pip"},
    "apt-get install -y python3-pip/noble npm=9.2.0 r-base-core": {"pip", "npm", "cran"},
    "apt-get install $PACKAGES": {"pip"},
    "apt-get remove python3-pip": set(),
    "pip install jupyterlab": set(),
    "mamba install -y gdal && mamba clean -tipy": {"conda"},
    "curl -O https://example.org/conda && echo conda npm": set(),
    "cd /tmp; npm ci": {"npm"},
    "apt-get install -y npm:amd64": {"npm"},
    "apt-get install -y npm && npm ci && apt-get purge -y npm": set(),
    "apt-get install -y r-base && apt-get remove -y r-base-dev": {"cran"},
    "<<EOF\nconda list\nEOF": {"conda"},
    "<<EOF\n#!/usr/bin/env bash\nconda list\nEOF": {"conda"},
    "<<EOF\n#!/usr/bin/env python3\nconda = 1\nEOF": set(),
    "bash -euo pipefail <<EOF 2>&1 && true\nconda list\nEOF": {"conda"},
    "cd /x && A=1 sudo -E /bin/sh -s a <<EOF\nconda list\nEOF": {"conda"},
    "cat <<EOF >/x\nconda list\nEOF": set(),
    "<<EOF cat >/x\nconda list\nEOF": set(),
    "bash /x <<EOF\nconda list\nEOF": set(),
    "bash -c /x <<EOF\nconda list\nEOF": set(),
    "cat <<A >/x && sh <<B\nnpm list\nA\nconda list\nB": {"conda"},
    "Rscript -e 'install.packages(\"sf\")'": {"cran"},
}


@pytest.mark.parametrize(("step", "shown"), SHOWN.items())
def test_what_a_step_shows(step: str, shown: set[str]) -> None:
    text = f"FROM ubuntu AS other\nRUN npm ci && conda list\nFROM ubuntu\nARG PACKAGES\nRUN {step}\n"
    build = DockerfileBuild("lab", "lab/Dockerfile", {"PACKAGES": "python3-pip"})
    assert shown_installers(parse(text), build, "linux/amd64") == shown


def test_a_target_shows_what_it_is_built_on() -> None:
    text = "FROM ubuntu AS below\nRUN npm ci\nFROM below AS lab\nRUN true\nFROM ubuntu\nRUN conda list\n"
    build = DockerfileBuild("lab", "lab/Dockerfile", target="lab")
    assert shown_installers(parse(text), build, "linux/amd64") == {"npm"}


def test_where_conda_is_nothing_shows_whose_python_and_r_are_first() -> None:
    assert of_chain([frozenset({"pip", "npm"}), frozenset({"conda", "cran"})]) == {"conda", "npm"}
    assert of_chain([frozenset({"pip"}), frozenset({"cran"})]) == {"pip", "cran"}


def test_a_step_that_removes_counts_for_what_earlier_ones_installed() -> None:
    text = "FROM ubuntu\nRUN apt-get install -y npm\nRUN apt-get autoremove -y npm\n"
    assert shown_installers(parse(text), DockerfileBuild("lab", "lab/Dockerfile"), "linux/amd64") == set()
