"""What a repository's own templates name and nothing pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.project.custom_templates import floating_images, unchecked_fetches
from image_matrix.project.inputs import read_templates

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.render.templates import Templates

DIGEST = "sha256:" + "1" * 64
ARCHIVE = "https://example.org/x.tgz"


def templates(root: Path, text: str) -> Templates:
    folder = root / "templates/dockerfiles"
    folder.mkdir(parents=True)
    (folder / "mine.Dockerfile.j2").write_text(text, encoding="utf-8")
    return read_templates(root)


def test_an_image_without_a_digest_floats(tmp_path: Path) -> None:
    text = f"FROM golang:1.24 AS build\nFROM tool@{DIGEST} AS tool\nFROM {{{{ source | word }}}}\n"
    (image,) = floating_images(templates(tmp_path, text))
    assert (image.place.file, image.place.line, image.place.column) == (
        "templates/dockerfiles/mine.Dockerfile.j2", 1, 6,
    )  # fmt: skip
    assert image.advice == "write it with its digest, as in `docker.io/library/golang:1.24@sha256:…`"


@pytest.mark.parametrize(
    ("step", "address"),
    [
        (f"RUN curl -sL {ARCHIVE} | tar xz", ARCHIVE),
        (f"RUN curl -sL -o x {ARCHIVE} \\\n && echo '1  x' | sha256sum --check", None),
        (f"ADD {ARCHIVE} /opt/", ARCHIVE),
        (f"ADD --checksum={DIGEST} {ARCHIVE} /opt/", None),
        ("RUN wget https://example.org/{{ variant.image | sh }}.tgz", "https://example.org/….tgz"),
    ],
)
def test_an_address_without_a_checksum(tmp_path: Path, step: str, address: str | None) -> None:
    found = unchecked_fetches(templates(tmp_path, f"FROM {{{{ source | word }}}}\n{step}\n"))
    assert [item.message for item in found] == (
        [f"the Dockerfile fetches {address} without a checksum"] if address else []
    )
    assert {item.place.line for item in found} <= {2}


def test_what_cannot_be_split_and_what_is_built_in_is_passed_over(tmp_path: Path) -> None:
    custom = templates(tmp_path, "FROM golang:1.24\nRUN <<EOF\n")
    assert [*floating_images(custom)] == []
    assert unchecked_fetches(custom) == []
