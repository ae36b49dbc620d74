"""Real builds of steps that nothing locks: when they run again, and what stands on them then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.support import new_repository
from tests.e2e.tiny_images import Repository as Stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.e2e.support import Repository

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: registry.invalid/dated
defaults: {images: {platforms: [linux/amd64]}}
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, scripts: [random.sh]}
  own: {from: base, context: own}
  leaf: {from: own, files: {/leaf: random.sh}}
  other: {from: base, scripts: [random.sh]}
"""
RANDOM = "od -An -N8 -tx8 /dev/urandom"
FILES = {
    "random.sh": f"#!/bin/sh -eu\n{RANDOM} >> /random\n",
    "own/Dockerfile": f"FROM registry.invalid/dated/base\nUSER 0\nRUN {RANDOM} > /own\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = new_repository(tmp_path_factory.mktemp("dated"))
    (repository.root / "matrix.yaml").write_text(MATRIX)
    for path, text in FILES.items():
        file = repository.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (repository.root / "random.sh").chmod(0o755)
    repository.run("build", "--push")
    return repository


def layers(repository: Repository, image: str) -> list[str]:
    """Return the digests of the image layers of what the registry has under an image's key, those of the base first."""
    planned = json.loads(repository.run("plan", "--registry", "--format", "json").stdout)
    tag = next(entry["tag"] for entry in planned["keep"] if entry["variant"] == f"{image}:default")
    stored = Stored(f"{repository.registry}/{image}")
    manifest = stored.read(tag)
    if manifest and "manifests" in manifest:
        manifest = stored.read(manifest["manifests"][0]["digest"])
    assert manifest
    return [layer["digest"] for layer in manifest["layers"]]


def begins_with(whole: Sequence[str], first: Sequence[str]) -> bool:
    return list(whole[: len(first)]) == list(first)


def test_what_stands_on_a_forced_image_is_built_on_the_new_one(project: Repository) -> None:
    before = {image: layers(project, image) for image in ("base", "own", "leaf", "other")}
    done = project.run("build", "--push", "--force", "base")
    assert "4 built in " in done.stdout
    assert "leaf:default linux/amd64: built again, too, since it stands on what is named\n" in done.stderr
    after = {image: layers(project, image) for image in before}
    assert after["base"] != before["base"]
    assert all(begins_with(after[image], after["base"]) for image in after)
    assert begins_with(after["leaf"], after["own"])
    assert after["own"][-1] != before["own"][-1]


def test_a_leg_of_a_forced_run_builds_on_what_the_leg_before_has_accepted(project: Repository) -> None:
    """A leg has one image; the next one finds its parent behind the tag of the key, which has moved on."""
    before = layers(project, "base")
    for image in ("base", "own"):
        leg = ("--platform", "linux/amd64", f"{image}:default")
        done = project.run("build", "--push", "--candidate", "--force", *leg)
        assert "1 built in " in done.stdout
        project.run("accept", *leg)
    base = layers(project, "base")
    assert base != before
    assert begins_with(layers(project, "own"), base)
