"""The repositories that runs write, for registries that do not create them by themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from tests.workflow.matrices import matrix

if TYPE_CHECKING:
    from pathlib import Path

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
IMAGES: dict[str, Any] = {
    "base": {"from": "debian", "publish": False},
    "lab": {"from": "base"},
    "named": {"from": "base", "repository": "team/other"},
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    content = matrix(
        IMAGES,
        registry=f"{ECR}/images",
        network={"logins": {ECR: {"aws": {"role": "arn:aws:iam::123456789012:role/push-images"}}}},
        release={"copies": ["ghcr.io/example"], "artifact": "deploy"},
    )
    (tmp_path / "matrix.yaml").write_text(json.dumps(content))
    return tmp_path


EXPECTED = [
    *(f"{ECR}/images/{name}" for name in ("base", "lab", "team/other")),
    *(f"{ECR}/images/staging/{name}" for name in ("base", "lab", "team/other")),
    "ghcr.io/example/lab",
    "ghcr.io/example/team/other",
    f"{ECR}/images/deploy",
]


def test_every_repository_is_listed_once(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-C", str(repository), "list", "--repositories"]) == 0
    assert capsys.readouterr().out.splitlines() == EXPECTED
    assert run(["-C", str(repository), "list", "--repositories", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == EXPECTED


def test_it_is_for_all_images(repository: Path) -> None:
    assert run(["-C", str(repository), "list", "--repositories", "lab"]) == 2
