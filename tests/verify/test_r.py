"""R packages that load, and R's kernel: what is asked, and what answers mean."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.project.load import load
from image_matrix.verify.engine import CommandResult, Container, Engine
from image_matrix.verify.probe_output import read
from image_matrix.verify.r import r_kernel, r_request, r_results
from image_matrix.verify.run import subject_of
from image_matrix.verify.scenarios import scenarios
from tests.verify.test_engine import Recorder

if TYPE_CHECKING:
    from image_matrix.verify.model import Subject

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
  r:
    from: base
    apt: [r-base-dev]
    cran: [sf, data.table@1.15.0, "bioc::Biobase", "github::owner/R-lib@0123456789abcdef0123456789abcdef01234567"]
    tests: {r_packages: [png, sf]}
  lab: {from: r, kind: jupyter, apt: [r-cran-irkernel], pip: [jupyterlab==4.6.6]}
  studio: {from: r, kind: rstudio, apt: [r-cran-irkernel]}
"""


def subject(name: str) -> Subject:
    loaded = load({"matrix.yaml": MATRIX}, {"base", "jupyter", "rstudio"})
    return subject_of(loaded, f"{name}:default", "registry/image", None, 60.0)


def test_what_cran_lists_is_loaded_with_what_tests_name() -> None:
    packages = ["png", "sf", "data.table", "Biobase"]
    assert [*subject("lab").tests["r_packages"]] == packages
    assert r_request(subject("lab"))[3:] == tuple(packages)
    assert r_request(subject("base")) == ()


@pytest.mark.parametrize(("image", "checked"), [("lab", True), ("studio", False), ("r", False)])
def test_the_kernel_is_checked_where_jupyterlab_has_it(image: str, checked: bool) -> None:
    one = replace(subject(image), ide="jupyter" if image == "lab" else None)
    assert ("r-kernel" in {check for scenario in scenarios(one) for check in scenario.checks}) is checked


def answered(code: int, out: str) -> Container:
    answer = {"code": code, "out": out, "seconds": 1.0}
    return Container(Engine(Recorder(exec=CommandResult(0, json.dumps([answer])))), "id")


def test_a_kernel_answers_with_the_version_of_r() -> None:
    assert r_kernel(answered(0, '\n[1] "R version 4.5.0 (2025-04-11)"\n\n')).status == "passed"
    missing = r_kernel(answered(1, "NoSuchKernel: No such kernel named ir"))
    assert (missing.status, missing.detail.partition(": ")[2]) == (
        "failed",
        "NoSuchKernel: No such kernel named ir",
    )
    assert r_kernel(answered(0, "Error: no")).status == "failed"


def test_a_package_without_an_answer_has_failed() -> None:
    one = replace(subject("base"), tests={"r_packages": {"sf": "", "png": "", "crash": ""}})
    told = [["r_package", "png", "", 0.1], ["r_package", "sf", "libgdal.so.36: no such file", 0.2]]
    out = "".join(f"\n@image-matrix {json.dumps(line)}" for line in told) + "\n*** caught segfault ***"
    found = {result.name: result for result in r_results(one, {"code": 139, "out": out})}
    assert {name: result.status for name, result in found.items()} == {
        "r-package sf": "failed",
        "r-package png": "passed",
        "r-package crash": "failed",
    }
    assert found["r-package sf"].detail == "libgdal.so.36: no such file"
    assert "exit code 139: *** caught segfault ***" in found["r-package crash"].detail


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
def test_the_script_answers_for_real() -> None:
    one = replace(subject("base"), tests={"r_packages": {"stats": "", "no.such": ""}})
    done = subprocess.run(r_request(one), capture_output=True, text=True, check=True)
    answers = read(done.stdout)
    assert answers["r_package", "stats"][0] == ""
    assert "no.such" in answers["r_package", "no.such"][0]
