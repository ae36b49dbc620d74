"""Packages from addresses, locked with the real uv and git: a commit of a repository, and a wheel of known bytes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock.locked_versions import locked_versions
from image_matrix.lock.read import pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from tests.git_commands import git

if TYPE_CHECKING:
    from tests.lock.site import Repository, Site

PROJECT = Path(__file__).parent / "fixtures" / "from_git"
pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git"),
    pytest.mark.slow,
]


def serve_git(site: Site) -> str:
    """Serve a repository as files; return its address with its commit."""
    work = shutil.copytree(PROJECT, site.folder / "work")
    git(work, "init", "--quiet")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "first")
    bare = site.folder / "omega.git"
    git(work, "clone", "--quiet", "--bare", ".", str(bare))
    git(bare, "update-server-info")
    return f"git+http://127.0.0.1:{site.port}/omega.git@{git(work, 'rev-parse', 'HEAD').strip()}"


@pytest.fixture
def addresses(repository: Repository) -> tuple[str, str]:
    """The addresses of omega, which needs alpha, and of sigma."""
    site = repository.site
    site.package("sigma", "3.0", "zeta", index="elsewhere")
    wheel = site.folder / "elsewhere/sigma/sigma-3.0-py3-none-any.whl"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    file = f"http://127.0.0.1:{site.port}/elsewhere/sigma/{wheel.name}#sha256={digest}"
    return serve_git(site), file


def test_what_comes_from_addresses_is_locked_with_the_rest(
    repository: Repository, addresses: tuple[str, str]
) -> None:
    omega, sigma = addresses
    repository.change("pip: [beta==1.0]", f'pip: [beta==1.0, "omega @ {omega}", "sigma @ {sigma}"]')
    assert repository.run("lock") == 0
    expected = ("alpha==1.0", "beta==1.0", f"omega==1.5 @ {omega}", f"sigma==3.0 @ {sigma}", "zeta==1.0")
    assert repository.packages("lab:python3.13") == expected
    first = repository.lock
    assert repository.run("lock") == 0
    assert repository.lock == first

    inputs = read_inputs(repository.folder)
    loaded = load_inputs(inputs)
    found = pins(inputs.lock, loaded)
    lab = loaded.variants["lab:python3.13"]
    assert locked_versions(found, loaded.variants, lab, "omega") == {"1.5"}
    assert locked_versions(found, loaded.variants, lab, "sigma") == {"3.0"}

    assert repository.run("render") == 0
    folder = repository.folder / "images/lab/python3.13"
    hashed = (folder / "requirements/amd64.txt").read_text(encoding="utf-8")
    assert f"sigma @ {sigma} \\\n    --hash=sha256:{sigma[-64:]}\n" in hashed
    assert "omega" not in hashed
    from_git = (folder / "requirements/git/amd64.txt").read_text(encoding="utf-8")
    assert from_git == f"# omega==1.5\nomega @ {omega}\n"
    dockerfile = (folder / "Dockerfile").read_text(encoding="utf-8")
    assert '--no-deps --requirement "/run/requirements/git/${TARGETARCH}.txt"' in dockerfile
    assert "apt-get install --yes --no-install-recommends ca-certificates git" in dockerfile
    other = (repository.folder / "images/other/python3.13/Dockerfile").read_text(encoding="utf-8")
    assert "git" not in other.replace("requirements/git", "requirements")


def test_a_child_keeps_what_its_parent_has_from_an_address(
    repository: Repository, addresses: tuple[str, str]
) -> None:
    omega, _ = addresses
    repository.change("pip: [beta==1.0]", f'pip: ["omega @ {omega}"]')
    repository.change("- gamma", "- omega>=1")
    assert repository.run("lock") == 0
    assert repository.packages("science:python3.13") == ()
    assert repository.packages("lab:python3.13") == ("alpha==1.0", f"omega==1.5 @ {omega}")


def test_a_child_that_needs_another_version_is_told_of_the_address(
    repository: Repository, addresses: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    omega, _ = addresses
    repository.change("pip: [beta==1.0]", f'pip: ["omega @ {omega}"]')
    repository.change("- alpha==1.0", "- alpha==2.0")
    assert repository.run("lock") == 2
    printed = capsys.readouterr().err
    assert "it needs alpha==2.0, but the ancestor has alpha 1.0" in printed
    assert f"`omega @ {omega} → alpha`" in printed


def test_the_files_can_be_installed(
    repository: Repository, addresses: tuple[str, str], tmp_path: Path
) -> None:
    from uv import find_uv_bin

    omega, sigma = addresses
    repository.change("pip: [beta==1.0]", f'pip: ["omega @ {omega}", "sigma @ {sigma}"]')
    assert repository.run("lock") == 0
    assert repository.run("render") == 0
    folder = repository.folder / "images/lab/python3.13/requirements"
    target = tmp_path / "target"
    options = [
        "--python-version=3.13",
        "--python-platform=x86_64-manylinux_2_36",
        "--no-deps",
        "--target",
        str(target),
        "--no-config",
        "--default-index",
    ]
    index = f"http://127.0.0.1:{repository.site.port}/simple/"
    for extra in (["--require-hashes", "-r", "amd64.txt"], ["-r", "git/amd64.txt"]):
        subprocess.run([find_uv_bin(), "pip", "install", *options, index, *extra], cwd=folder, check=True)
    assert {"omega.py", "sigma.py"} <= {path.name for path in target.iterdir()}
