from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Repository


def test_a_variant_that_is_not_there(repository: Repository) -> None:
    ran = repository("verify", "jupiter")
    assert ran.code == 2
    assert "did you mean `jupyter`?" in ran.err


def test_no_variant_at_all(repository: Repository) -> None:
    assert repository("verify").code == 2


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
    assert "no folder no/such/folder" in ran.err
