from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Repository


def test_a_variant_that_is_not_there(repository: Repository) -> None:
    ran = repository("verify", "jupiter")
    assert ran.code == 2
    assert "did you mean `jupyter`?" in ran.err


STUB = """\
#!/bin/sh
case "$1" in
  version) echo 27.0 ;;
  image) exit 1 ;;
  pull) echo "Error response from daemon: manifest unknown" >&2; exit 1 ;;
esac
"""
"""An engine that works and has no image."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(STUB)
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


@pytest.mark.usefixtures("engine")
def test_without_a_name_everything_is_checked(repository: Repository) -> None:
    """As `build` builds everything: the first that is missing is the first in build order."""
    ran = repository("verify")
    assert ran.code == 3
    assert "base:python3.13: pulling ghcr.io/team/notebooks/base:python3.13-" in ran.err
    ran = repository("verify", "--platform", "linux/riscv64")
    assert ran.code == 2
    assert "nothing is built for linux/riscv64" in ran.err


@pytest.mark.usefixtures("engine")
def test_an_image_that_is_nowhere_is_to_be_built(repository: Repository) -> None:
    ran = repository("verify", "jupyter")
    assert ran.code == 3
    assert "`image-matrix build jupyter:python3.13`" in ran.err
    ran = repository("verify", "jupyter", "--image", "localhost/other")
    assert ran.code == 3
    assert "image-matrix build" not in ran.err


def test_one_image_for_everything(repository: Repository) -> None:
    assert "exactly one VARIANT" in repository("verify", "--image", "localhost/base").err


def test_one_image_for_two_variants(repository: Repository) -> None:
    ran = repository("verify", "base", "--image", "localhost/base")
    assert ran.code == 2
    assert "exactly one VARIANT" in ran.err


@pytest.mark.parametrize("command", [("verify",), ("accept", "--platform", "linux/amd64")])
def test_an_empty_image_is_not_taken_for_none(repository: Repository, command: tuple[str, ...]) -> None:
    """It would be the tag's image in its place: what a workflow hands on where a build has no output."""
    ran = repository(*command, "base", "--image", "")
    assert ran.code == 2
    assert "--image" in ran.err
    assert "it is empty" in ran.err


def test_a_platform_that_is_not_built(repository: Repository) -> None:
    ran = repository("verify", "jupyter", "--platform", "linux/riscv64")
    assert ran.code == 2
    assert "linux/amd64" in ran.err


def test_no_engine_is_no_verdict(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository("verify", "jupyter")
    assert ran.code == 3
    assert "docker" in ran.err


def test_a_report_without_a_place_is_refused_before_the_work(repository: Repository) -> None:
    ran = repository("verify", "jupyter", "--junit", "no/such/folder/tests.xml")
    assert ran.code == 2
    assert "the folder no/such/folder does not exist" in ran.err
