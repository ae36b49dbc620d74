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
  base: {from: debian, scripts: [random.sh], refresh_days: 30}
  own: {from: base, context: own, refresh_days: 30}
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
        file.write_text(f"{text}# {repository.registry}\n")  # no layers of another run
    (repository.root / "random.sh").chmod(0o755)
    lock(repository, "2026-10-30", "2026-10-30")
    repository.run("build", "--push", "--cache", "write")
    return repository


def lock(repository: Repository, base: str, own: str) -> None:
    days = f"refreshed:\n  base:default: '{base}'\n  own:default: '{own}'\n"
    (repository.root / "matrix.lock.yaml").write_text(f"version: 1\n\n{days}")


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


def test_steps_run_again_when_their_day_moves_and_only_then(project: Repository) -> None:
    """Although the builder and the registry have the layers of before: nothing else differs."""
    lock(project, "2026-10-30", "2026-10-30")
    before = {image: layers(project, image) for image in ("base", "own", "other")}
    project.run("build", "--push", "--no-registry", "own")
    assert {image: layers(project, image) for image in before} == before
    lock(project, "2026-10-30", "2026-11-30")
    assert "1 of 2 variants to build" in project.run("plan", "--registry", "own").stdout
    assert "2 built in " in project.run("build", "--push", "--cache", "write").stdout  # and the leaf on it
    own = layers(project, "own")
    assert begins_with(own, before["base"])
    assert own[-1] != before["own"][-1]
    assert layers(project, "base") == before["base"]
    lock(project, "2026-11-30", "2026-11-30")
    assert "4 built in " in project.run("build", "--push", "--cache", "write").stdout
    base = layers(project, "base")
    assert base[0] == before["base"][0]
    assert base[-1] != before["base"][-1]
    assert begins_with(layers(project, "own"), base)


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
