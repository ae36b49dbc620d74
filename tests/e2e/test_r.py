"""R in JupyterLab: Debian's R and its kernel, packages of a small CRAN on this machine, one with a library missing."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.verify.engine import Spec
from image_matrix.verify.image_tests import image_test_results
from image_matrix.verify.model import Subject
from image_matrix.verify.r import r_kernel
from image_matrix.verify.run import subject_of
from tests.e2e.place import Quiet, bridge, serving
from tests.e2e.shared_object import shared_object
from tests.e2e.support import HOME, docker, new_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.config.model import ImageTests
    from image_matrix.verify.engine import Engine
    from image_matrix.verify.model import Result
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

OVERLAY = """\
network: {{mirrors: {{cran: {address}/cran}}}}
images:
  jupyter-r:
    description: JupyterLab with R
    from: jupyter
    axes: {{python: ["3.13"]}}
    platforms: [linux/amd64]
    apt: [r-cran-irkernel]
    cran: [plain]
    tests: {{r_packages: [stats], commands: {{jupyter kernelspec list: kernels/ir}}}}
  jupyter-r-linked:
    description: JupyterLab with R and a package that needs a library
    from: jupyter-r
    cran: [linked]
"""
LAB, VARIANT, LINKED = "jupyter:python3.13", "jupyter-r:python3.13", "jupyter-r-linked:python3.13"
DESCRIPTION = """\
Package: {name}
Version: 1.0
Title: T
Description: D.
Author: A
Maintainer: A <a@example.org>
License: MIT
NeedsCompilation: no
"""
TO_BINARY = """\
cd /tmp && tar xzf - && mkdir library
R CMD INSTALL --no-test-load --build --library=library linked >&2 && cat linked_1.0_R_*.tar.gz
"""
"""Makes a binary package of a source package, as CRAN's binaries for Linux are: installing one loads nothing."""
SONAME = "libudunits2.so.0"
NEEDS = [{"name": "linked", "requirements": {"packages": ["libudunits2-dev"]}}]
ON_TOP = """\
version: 1
registry: {registry}
workflow: none
network: {{mirrors: {{cran: {cran}}}}}
sources: {{r: {{image: "{source}", provides: {{r: "4"}}}}}}
images:
  linked: {{from: r, cran: {{packages: [linked], snapshot: "2026-11-01"}}}}
"""


def package(name: str, **files: bytes) -> bytes:
    """Return a source package with one function."""
    texts = {
        "DESCRIPTION": DESCRIPTION.format(name=name).encode(),
        "NAMESPACE": b"export(one)\n",
        "R/one.R": b"one <- function() 1\n",
        **files,
    }
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for path, content in texts.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


@dataclass(frozen=True, slots=True)
class SmallCran:
    """A folder that has what CRAN's server has, and an overlay whose images install from it."""

    contrib: Path
    overlay: Path
    address: str

    def offer(self, packages: dict[str, bytes]) -> None:
        """Write packages and their index."""
        for name, content in packages.items():
            (self.contrib / f"{name}_1.0.tar.gz").write_bytes(content)
        names = sorted(path.name.partition("_")[0] for path in self.contrib.glob("*.tar.gz"))
        index = "\n".join(f"Package: {name}\nVersion: 1.0\nNeedsCompilation: no\n" for name in names)
        (self.contrib / "PACKAGES").write_text(index)


class Manager(Quiet):
    """Answers what R packages need, as Posit Package Manager does, beside the files of a folder."""

    def do_GET(self) -> None:  # noqa: N802 - the base class calls it so
        path, _, question = self.path.partition("?")
        answers = {
            "/__api__/status": {
                "distros": [{"distribution": "debian", "release": "13", "binaries": True, "arch": ["x86_64"]}]
            },
            "/__api__/repos/cran/sysreqs": {"requirements": NEEDS if "pkgname=linked&" in question else []},
        }
        if path not in answers:
            super().do_GET()
            return
        content = json.dumps(answers[path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def small_cran(folder: Path, engine: Engine) -> Iterator[SmallCran]:
    contrib = folder / "cran/__linux__/trixie/latest/src/contrib"
    contrib.mkdir(parents=True)
    (folder / "cran/__linux__/trixie/2026-11-01").symlink_to("latest")
    with serving(folder, bridge(engine), Manager) as address:
        overlay = folder / "overlay.yaml"
        overlay.write_text(OVERLAY.format(address=address))
        cran = SmallCran(contrib, overlay, address)
        cran.offer({"plain": package("plain")})
        yield cran


@pytest.fixture(scope="module")
def cran(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCran]:
    with small_cran(tmp_path_factory.mktemp("cran"), engine) as made:
        yield made


def build(site: Site, cran: SmallCran, variant: str) -> subprocess.CompletedProcess[str]:
    return site.run("--overlay", str(cran.overlay), "build", "--no-registry", variant)


@pytest.fixture(scope="module")
def image(site: Site, cran: SmallCran) -> str:
    done = build(site, cran, VARIANT)
    assert done.returncode == 0, done.stderr[-6000:]
    return f"{site.registry}/{VARIANT}"


def checked(site: Site, cran: SmallCran, engine: Engine, variant: str, image: str) -> dict[str, Result]:
    """Run what `verify` checks of R in an image, with the tests of a variant."""
    inputs = read_inputs(HOME, overlays=(str(site.overlay), str(cran.overlay)))
    loaded = load(inputs.texts, inputs.templates.kinds, inputs.templates.serving)
    subject = subject_of(loaded, variant, image, None, 60.0)
    assert subject.r_kernel
    tests: ImageTests = {kind: subject.tests[kind] for kind in ("commands", "r_packages")}
    alone = Subject(variant, image, tests=tests)
    with engine.container(Spec(image, command=("sleep", "infinity"))) as container:
        found = [*image_test_results(container, alone, "/"), r_kernel(container)]
    return {one.name: one for one in found}


def test_jupyterlab_has_a_kernel_for_r_and_packages_load(
    site: Site, cran: SmallCran, engine: Engine, image: str
) -> None:
    found = checked(site, cran, engine, VARIANT, image)
    assert [one for one in found.values() if one.status == "failed"] == []
    assert "R version 4" in found["r-kernel"].detail
    assert {"r-package plain", "r-package stats", "command jupyter kernelspec list"} <= found.keys()


def test_an_image_without_r_fails(site: Site, cran: SmallCran, engine: Engine) -> None:
    found = checked(site, cran, engine, VARIANT, site.image(LAB))
    failed = {name for name, one in found.items() if one.status == "failed"}
    assert failed == {"r-kernel", "r-package plain", "r-package stats", "command jupyter kernelspec list"}
    assert "NoSuchKernel" in found["r-kernel"].detail


def linked(image: str) -> bytes:
    """Return a binary package that needs a library of udunits, which nothing installs."""
    source = package(
        "linked",
        NAMESPACE=b"useDynLib(linked)\nexport(one)\n",
        **{"inst/libs/linked.so": shared_object(SONAME)},
    )
    command = ["docker", "run", "--rm", "--interactive", "--entrypoint=sh", image, "-c", TO_BINARY]
    done = subprocess.run(command, input=source, capture_output=True, check=True)
    return done.stdout


def test_a_library_that_is_missing_ends_the_build(site: Site, cran: SmallCran, image: str) -> None:
    cran.offer({"linked": linked(image)})
    done = build(site, cran, LINKED)
    assert done.returncode == 1
    wanted = "R packages that cannot be loaded: linked; add to `apt`: libudunits2-0"
    assert wanted in done.stderr, done.stderr[-4000:]
    assert f"{SONAME}: cannot open shared object file" in done.stderr


def test_what_a_package_needs_is_locked_and_stays_without_headers(
    cran: SmallCran, image: str, registry: str, tmp_path: Path
) -> None:
    """The distribution of the source is known by its tag; the build is that of an image on somebody else's."""
    cran.offer({"linked": linked(image)})
    source = f"{registry}/e2e/r-{tmp_path.name.lower()}:trixie"
    docker("tag", image, source)
    try:
        repository = new_repository(tmp_path / "repository")
        (repository.root / "matrix.yaml").write_text(
            ON_TOP.format(registry=repository.registry, cran=f"{cran.address}/cran", source=source)
        )
        repository.run("lock", check=False)  # no registry has the source
        assert "linked:\n      - libudunits2-dev" in (repository.root / "matrix.lock.yaml").read_text()
        repository.run("build", "--no-registry")
        made = f"{repository.registry}/linked:default"
        there = docker("run", "--rm", "--entrypoint=dpkg-query", made, "--list", "libudunits2*")
        loaded = docker("run", "--rm", "--entrypoint=Rscript", made, "-e", 'loadNamespace("linked")')
        docker("rmi", "--force", made)
    finally:
        docker("rmi", "--force", source, check=False)
    assert "ii  libudunits2-0" in there
    assert "ii  libudunits2-dev" not in there
    assert "namespace:linked" in loaded
