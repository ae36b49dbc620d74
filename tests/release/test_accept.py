from __future__ import annotations

import pytest

from generator.accept import belongs, repository
from generator.cli.scan import skopeo_reason
from generator.places import staged
from tests.release.test_release import DIGEST, STATE

NAME = "base:python3.13"
HERE = "ghcr.io/example/notebooks/base"


@pytest.mark.parametrize(
    ("image", "right"),
    [
        (f"{HERE}@{DIGEST}", True),
        (f"{HERE}:python3.13", False),
        (f"{HERE}@sha256:0", False),
        (f"ghcr.io/example/notebooks/leaf@{DIGEST}", False),
        (f"ghcr.io/example/notebooks/staging/base@{DIGEST}", False),
        ("base", False),
        (DIGEST, False),
    ],
)
def test_an_image_of_a_variant(image: str, right: bool) -> None:
    assert belongs(STATE, NAME, image) is right


def test_the_staging_path_is_another_place() -> None:
    image = f"{repository(staged(STATE), NAME)}@{DIGEST}"
    assert belongs(staged(STATE), NAME, image)
    assert not belongs(STATE, NAME, image)


def test_what_skopeo_says() -> None:
    line = r'time="2026-11-21T08:51:46Z" level=fatal msg="reading manifest \"x\": StatusCode: 404"'
    assert skopeo_reason(f"one\n{line}\n") == 'reading manifest "x": StatusCode: 404'
    assert skopeo_reason("plain words") == "plain words"
    assert skopeo_reason("") == "no reason given"
