"""What is said of image references."""

from __future__ import annotations

import pytest

from image_matrix.validate.names import reference_advice

REGISTRY = "ghcr.io/example/notebooks"
SOURCE = "docker.io/library/debian:trixie-slim"


@pytest.mark.parametrize(
    ("value", "example", "advice"),
    [
        ("ghcr.io/team/nb/", REGISTRY, "write `ghcr.io/team/nb`"),
        (" ghcr.io/team/nb", REGISTRY, "write `ghcr.io/team/nb`"),
        ("ghcr.io//team/nb", REGISTRY, "write `ghcr.io/team/nb`"),
        ("https://ghcr.io/team/nb", REGISTRY, "leave the scheme out: `ghcr.io/team/nb`"),
        ("GHCR.io/Team/nb", REGISTRY, "references are lower-case: `ghcr.io/team/nb`"),
        ("ghcr.io/team/nb:latest", REGISTRY, "leave the tag out: `ghcr.io/team/nb`"),
        ("debian:trixie", SOURCE, "write the whole reference: `docker.io/library/debian:trixie`"),
        ("team/debian:trixie", SOURCE, "write the whole reference: `docker.io/team/debian:trixie`"),
        ("ghcr.io/team/nb", SOURCE, "add a tag: `ghcr.io/team/nb:TAG`"),
        ("ghcr.io/te am:1\nRUN id", SOURCE, f"write, for example, `{SOURCE}`"),
    ],
)
def test_the_advice_is_about_the_value(value: str, example: str, advice: str) -> None:
    assert reference_advice(value, example) == advice
