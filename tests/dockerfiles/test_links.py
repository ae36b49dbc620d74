"""Names in a Dockerfile are sources by their tags, and by nothing but their digests where they have one."""

from __future__ import annotations

import pytest

from image_matrix.dockerfiles.links import same_image

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.mark.parametrize(
    ("name", "reference", "same"),
    [
        ("debian", "docker.io/library/debian:latest", True),
        ("debian:13", "docker.io/library/debian:13", True),
        ("debian:13", f"docker.io/library/debian:13@{ONE}", True),
        ("debian:12", f"docker.io/library/debian:13@{ONE}", False),
        (f"debian:13@{ONE}", f"docker.io/library/debian:13@{ONE}", True),
        (f"debian@{ONE}", f"docker.io/library/debian:13@{ONE}", True),
        (f"debian:13@{ONE}", f"docker.io/library/debian:13@{TWO}", False),
        (f"debian:13@{ONE}", "docker.io/library/debian:13", False),
        (f"debian:13@{ONE}", f"docker.io/other/debian:13@{ONE}", False),
    ],
)
def test_a_digest_is_never_taken_for_another(name: str, reference: str, same: bool) -> None:
    assert same_image(name, reference) is same
