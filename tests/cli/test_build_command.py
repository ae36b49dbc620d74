from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Repository


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--push", "--load"), "--push and --load exclude each other"),
        (("--candidate",), "--candidate needs --push"),
        (("nope",), "there is no image `nope`"),
        (("--platform", "linux/s390x"), "nothing is built for linux/s390x"),
        (("--platform", "amd64", "jupyter"), "jupyter:python3.13 is not built for amd64"),
    ],
)
def test_a_call_that_is_wrong(repository: Repository, arguments: tuple[str, ...], said: str) -> None:
    ran = repository("build", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_the_definition_is_printed_without_an_engine(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository("build", "--print", "--no-registry", "--platform", "linux/amd64", "jupyter")
    assert ran.code == 0
    assert list(json.loads(ran.out)["target"]) == ["base_python3-13-amd64", "jupyter_python3-13-amd64"]


def test_no_engine(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = repository("build", "--platform", "linux/amd64")
    assert ran.code == 3
    assert "no `docker` on PATH" in ran.err
