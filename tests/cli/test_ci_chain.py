"""A chain of variants that one job builds and tests: with an engine that notes what it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import ci_chain
from image_matrix.errors import EnvironmentFailure
from tests.cli.conftest import stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Repository

BASE, JUPYTER = "base:python3.13", "jupyter:python3.13"
DOCKER = """\
#!/bin/sh
echo "$*" >> "$CALLS"
case "$1 $2" in
  "image inspect") echo 1 ;;
  "info --format={{.DockerRootDir}}") echo /nothing ;;
  "buildx bake") for word in "$@"; do case "$word" in --metadata-file=*) echo '{}' > "${word#*=}";; esac; done ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which an engine notes its calls."""
    stand_in(tmp_path, monkeypatch, "docker", DOCKER)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def chained(repository: Repository, monkeypatch: pytest.MonkeyPatch, codes: dict[str, int]) -> int:
    """Run the command where nothing is in the registry, with these exit codes of the tests."""
    import click

    @click.command()
    @click.pass_obj
    def tested(_session: object, /, **options: object) -> int:
        return codes[str(options["names"][0])]  # type: ignore[index]

    monkeypatch.setattr(ci_chain, "verify", tested)
    monkeypatch.setattr("image_matrix.build.existing_images.reusable", lambda *_: {})
    monkeypatch.setattr("image_matrix.build.base_platforms.refuse_other_platforms", lambda *_: None)
    folder = repository.root / "reports"
    ran = repository("ci", "chain", "--platform=linux/amd64", f"--junit={folder}", BASE, JUPYTER)
    assert "bug" not in ran.err, ran.err
    return ran.code


def test_each_image_leaves_the_builder_alone_and_is_removed_after_its_tests(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    assert chained(repository, monkeypatch, {BASE: 0, JUPYTER: 0}) == 0
    lines = [line for line in calls.read_text().splitlines() if line.startswith(("buildx bake", "image rm"))]
    words = [line.split() for line in lines]
    assert [line[:2] for line in words] == [["buildx", "bake"], ["image", "rm"]] * 2
    assert [line[-1] for line in (words[0], words[2])] == [
        "base_python3-13-amd64",
        "jupyter_python3-13-amd64",
    ]
    assert "base_python3-13-amd64" not in words[2]
    assert words[3][-2].endswith("/jupyter:python3.13")
    assert "prune" not in calls.read_text()


def test_nothing_is_built_on_an_image_that_fails_its_tests(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    assert chained(repository, monkeypatch, {BASE: 1}) == 1
    assert calls.read_text().count("buildx bake") == 1


def test_what_builds_have_downloaded_is_removed_on_githubs_runners(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, calls: Path
) -> None:
    monkeypatch.setenv("RUNNER_ENVIRONMENT", "github-hosted")
    assert chained(repository, monkeypatch, {BASE: 0, JUPYTER: 0}) == 0
    assert calls.read_text().count("buildx prune --force --filter=type=exec.cachemount") == 2


def test_a_disk_without_room_ends_the_job_before_the_build(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, calls: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(ci_chain, "engine_folder", lambda: tmp_path)
    monkeypatch.setattr(ci_chain, "ROOM", 1 << 62)
    assert chained(repository, monkeypatch, {}) == 3
    assert not calls.exists() or "bake" not in calls.read_text()
    with pytest.raises(EnvironmentFailure, match=r"the disk has .* GB left") as caught:
        ci_chain.require_room(BASE, tmp_path)
    assert "free_disk: true" in caught.value.help


def test_a_disk_of_another_machine_passes() -> None:
    ci_chain.require_room(BASE, None)
