"""The secrets that a Dockerfile mounts, by their ids or by the targets that stand for them."""

from __future__ import annotations

import pytest

from image_matrix.dockerfiles.instructions import parse
from image_matrix.dockerfiles.secret_mounts import mounted_secrets


@pytest.mark.parametrize(
    ("mount", "names"),
    [
        ("type=secret,id=TOKEN", {"TOKEN"}),
        ("type=secret,id=TOKEN,env=OTHER,required=true", {"TOKEN"}),
        ("type=secret,target=/run/secrets/TOKEN", {"TOKEN"}),
        ("type=secret,dst=/root/.netrc", {".netrc"}),
        ('type=secret,"id=TOKEN"', {"TOKEN"}),
        ("id=TOKEN,type=secret", {"TOKEN"}),
        ("type=cache,id=TOKEN,target=/cache", set()),
        ("type=secret", set()),
    ],
)
def test_the_name_of_a_mounted_secret(mount: str, names: set[str]) -> None:
    assert mounted_secrets(parse(f"FROM debian\nRUN --mount={mount} true\n").instructions) == names
