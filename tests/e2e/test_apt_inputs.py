"""Real builds with what apt installs beside lists: a package of the project, a signed repository, a locale."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import REGISTRY, docker, new_repository
from tests.e2e.test_image_files import output

if TYPE_CHECKING:
    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e

KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MATRIX = """\
version: 1
registry: registry.invalid/apt
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  german:
    from: debian
    locale: de_DE.UTF-8
    apt:
      packages: [perl]
      files: [debs/greeting.deb]
      repositories:
        - {url: "ARCHIVE", suite: trixie-backports, components: [main], key: keys/debian.gpg}
  child: {from: german, apt: [less]}
"""
CONTROL = """\
Package: greeting
Version: 1.0
Architecture: all
Maintainer: Tests <tests@example.org>
Depends: make
Description: a greeting
"""


def archive() -> str:
    """Return the address of the distribution's archive, as its image has it."""
    image = f"{REGISTRY}/library/debian:trixie-slim"
    file = "/etc/apt/sources.list.d/debian.sources"
    return docker("run", "--rm", image, "sed", "-n", "s/^URIs: //p", file).split()[0]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("apt")
    repository = new_repository(folder)
    (repository.root / "matrix.yaml").write_text(MATRIX.replace("ARCHIVE", archive()))
    for name in ("debs", "keys"):
        (repository.root / name).mkdir()
    package = folder / "greeting"
    (package / "DEBIAN").mkdir(parents=True)
    (package / "DEBIAN/control").write_text(CONTROL)
    (package / "etc").mkdir()
    (package / "etc/greeting").write_text("hello\n")
    deb = repository.root / "debs/greeting.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", package, deb], check=True, capture_output=True
    )
    shutil.copy(KEYS, repository.root / "keys/debian.gpg")
    repository.run("build", "--push")
    return repository


def test_a_package_of_the_project_comes_with_what_it_needs(project: Repository) -> None:
    assert output(project, "german", "cat /etc/greeting; make --version | head -n 1").startswith(
        "hello\nGNU Make"
    )
    assert output(project, "german", "ls -A /run").strip() in (
        "",
        "lock",
        "lock\nmount",
        "lock\nmount\nsystemd",
    )


def test_the_locale_is_there_and_children_have_it(project: Repository) -> None:
    for image in ("german", "child"):
        assert output(project, image, 'locale charmap; echo "$LANG"; perl -e 1 2>&1').split() == [
            "UTF-8",
            "de_DE.UTF-8",
        ]


def test_the_repository_is_read_with_its_key(project: Repository) -> None:
    sources = output(project, "german", "cat /etc/apt/sources.list.d/*backports*.sources")
    assert "Suites: trixie-backports" in sources
    assert "Signed-By: /etc/apt/keyrings/" in sources
    assert "/etc/apt/keyrings/" in output(project, "child", "ls -d /etc/apt/keyrings/*")
