"""R packages with a version, from Bioconductor and GitHub, and the day of CRAN of each variant."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.pins import Pins, SystemLibraryPins
from image_matrix.lock.read import unlocked
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MATRIX = f"""\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {{rocker: {{image: "docker.io/rocker/r-ver:4.5.1", provides: {{r: "4.5"}}}}}}
axes: {{r: {{"4.6.1": {{day: "2026-09-01"}}, "4.5.3": {{day: "2026-03-11"}}}}}}
defaults: {{images: {{cran: {{snapshot: "{{r.day}}"}}}}}}
images:
  plain: {{from: rocker, axes: [r], cran: [alpha]}}
  child: {{from: plain, cran: [beta]}}
  fixed: {{from: plain, cran: {{packages: [gamma], snapshot: "2025-01-01"}}}}
  more: {{from: plain, cran: [alpha@1.0, beta, "bioc::Biobase", "github::owner/delta@{COMMIT}"]}}
"""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    templates = read_templates(Path())
    return load({"matrix.yaml": MATRIX}, templates.kinds, traits=templates.kind_traits)


@pytest.fixture(scope="module")
def dockerfiles(loaded: Loaded) -> dict[str, str]:
    files = render_all(loaded, Pins(cran_snapshot="2026-11-01"), read_templates(Path()))
    return {path: file.content.decode() for path, file in files.items() if path.endswith("/Dockerfile")}


@pytest.mark.parametrize(
    ("variant", "day"),
    [
        ("plain/r4.6.1", "2026-09-01"),
        ("plain/r4.5.3", "2026-03-11"),
        ("child/r4.5.3", "2026-03-11"),
        ("fixed/r4.6.1", "2025-01-01"),
    ],
)
def test_a_variant_has_its_own_day(dockerfiles: dict[str, str], variant: str, day: str) -> None:
    text = dockerfiles[f"images/{variant}/Dockerfile"]
    assert f'/__linux__/${{codename}}/{day}"' in text
    assert "remotes" not in text


def test_a_day_of_the_matrix_is_locked_already(loaded: Loaded) -> None:
    assert "CRAN packages" not in {item.what for item in unlocked(loaded, Pins())}


def test_bioconductor_is_of_the_same_day(dockerfiles: dict[str, str]) -> None:
    assert (
        'BioC_mirror = "https://p3m.dev/bioconductor/2026-09-01"'
        in dockerfiles["images/more/r4.6.1/Dockerfile"]
    )


def test_what_the_lock_adds_is_installed_first_and_its_headers_leave(loaded: Loaded) -> None:
    needs = {"libgdal-dev": ("alpha",), "gdal-bin": ("alpha",)}
    pins = Pins(system_libraries={"plain:r4.6.1": SystemLibraryPins(needs)})
    files = render_all(loaded, pins, read_templates(Path()))
    text = files["images/plain/r4.6.1/Dockerfile"].content.decode()
    installed = text.index("    gdal-bin \\\n    libgdal-dev\n")
    assert installed < text.index("install.packages") < text.index("loadNamespace")
    assert "    echo gdal-bin\n" in text
    assert "echo libgdal-dev" not in text
    assert "apt-get" not in files["images/plain/r4.5.3/Dockerfile"].content.decode().partition("listed)")[0]


def package(contrib: Path, name: str, version: str, imports: str = "") -> None:
    """Write a source package with one function."""
    description = f"Package: {name}\nVersion: {version}\nTitle: T\nDescription: D.\nLicense: MIT\n"
    description += "Author: A\nMaintainer: A <a@b.c>\n"
    texts = {
        "DESCRIPTION": description + (f"Imports: {imports}\n" if imports else ""),
        "NAMESPACE": "export(f)\n",
        "R/f.R": "f <- function() 1\n",
    }
    contrib.mkdir(parents=True, exist_ok=True)
    with tarfile.open(contrib / f"{name}_{version}.tar.gz", "w:gz") as archive:
        for path, text in texts.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))


def has_remotes() -> bool:
    call = ["Rscript", "--vanilla", "-e", 'quit(status = !requireNamespace("remotes", quietly = TRUE))']
    return (
        shutil.which("Rscript") is not None
        and subprocess.run(call, check=False, capture_output=True).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.skipif(not has_remotes(), reason="needs R and its package remotes")
def test_r_installs_an_exact_version_before_the_rest(dockerfiles: dict[str, str], tmp_path: Path) -> None:
    contrib = tmp_path / "src/contrib"
    package(contrib, "alpha", "2.0")
    package(contrib, "beta", "1.0", imports="alpha")
    package(contrib / "Archive/alpha", "alpha", "1.0")
    (contrib / "Meta").mkdir()
    archive = 'list(alpha = data.frame(size = 1, row.names = "alpha/alpha_1.0.tar.gz"))'
    index = f'tools::write_PACKAGES("{contrib}"); saveRDS({archive}, "{contrib}/Meta/archive.rds")'
    subprocess.run(["Rscript", "--vanilla", "-e", index], check=True, capture_output=True)
    code = (
        dockerfiles["images/more/r4.6.1/Dockerfile"]
        .partition("Rscript --vanilla -e '")[2]
        .partition("\n'")[0]
    )
    library = tmp_path / "library"
    library.mkdir()
    call = [
        "Rscript",
        "--vanilla",
        "-e",
        f'.libPaths(c("{library}", .libPaths()))\n{code}',
        f"file://{tmp_path}",
    ]
    done = subprocess.run([*call, "alpha@1.0", "beta"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Version: 1.0" in (library / "alpha/DESCRIPTION").read_text(encoding="utf-8")
    assert (library / "beta").is_dir()
    failed = subprocess.run([*call, "alpha@9.9"], capture_output=True, text=True, check=False)
    assert failed.returncode != 0
