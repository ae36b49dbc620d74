"""An update of a Debian package in a base is in the notes of a release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from image_matrix.pinned.tools import native_arch
from tests.e2e.release_place import Place, cloned
from tests.e2e.tiny_images import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine


pytestmark = pytest.mark.e2e
UPDATED = """\
version: 1
registry: {path}
sources: {{tiny: "{path}/tiny:1"}}
release: {{sign: none, scan: none, sbom: false}}
workflow: none
images:
  base: {{from: tiny, context: base, contract: none, platforms: [{platform}]}}
  lab: {{from: base, context: lab, contract: none, platforms: [{platform}]}}
"""

STATUS = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"


@pytest.fixture
def updated(registry: str, engine: Engine, tmp_path: Path) -> Place:  # noqa: ARG001
    """A base with a package of Debian, and an image on it."""
    made = cloned(tmp_path, registry)
    path, arch = f"{registry}/{made.name}", native_arch()
    Repository(f"{path}/tiny").image(arch, "1")
    (made.root / "matrix.yaml").write_text(UPDATED.format(path=path, platform=f"linux/{arch}"))
    for name, dockerfile in {
        "base": f"FROM {path}/tiny:1\nCOPY status /var/lib/dpkg/status\n",
        "lab": f"FROM {path}/base\nCOPY lab /lab\n",
    }.items():
        (made.root / name).mkdir()
        (made.root / name / "Dockerfile").write_text(dockerfile)
    (made.root / "lab/lab").write_text("lab\n")
    return made


def release_of(place: Place, version: str) -> str:
    """Build, push and release with a version of the package; return what the release branch says of it."""
    (place.root / "base/status").write_text(STATUS.format(version=version))
    place.commit(f"openssl {version}")
    for command, untested in (("build", "no test ran"), ("release", "no signature is verified here")):
        done = place.run(command, "--push")
        assert done.returncode == 0, done.stderr
        notes = [line for line in done.stderr.splitlines() if line.startswith("note:")]
        assert len(notes) == 1, notes
        assert untested in notes[0]
    place.git("fetch", "--quiet", "origin", "release")
    return place.git("log", "-1", "--format=%B", "FETCH_HEAD")


def test_an_update_of_a_debian_package_is_in_the_notes(updated: Place) -> None:
    assert "openssl" not in release_of(updated, "3.0.15")
    message = release_of(updated, "3.0.16")
    assert "base and 1 image on it\n  ~ openssl  3.0.15 → 3.0.16  apt\n" in message
    images = json.loads(updated.git("show", "FETCH_HEAD:deploy/packages.json"))["images"]
    assert images["base:default"]["installed"] == {"apt": {"openssl": "3.0.16"}}
    assert "installed" not in images["lab:default"]
    done = updated.run("diff", "origin/release", "HEAD")
    assert done.stdout.startswith("nothing changes in the images"), done.stdout
    shown = json.loads(updated.run("diff", "origin/release~1", "origin/release", "--format", "json").stdout)
    assert [(one["package"], one["before"], one["after"], one["images"]) for one in shown["packages"]] == [
        ("openssl", "3.0.15", "3.0.16", ["base", "lab"])
    ]
