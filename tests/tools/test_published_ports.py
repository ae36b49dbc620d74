"""Lines that people copy open no port to the network: nothing encrypts what an image says outside a hub or gateway."""

from __future__ import annotations

import re

import pytest

from tools.reference import REPOSITORY

SCAFFOLD = "generator/image_matrix/project/scaffold"
PAGES = [
    path
    for pattern in ("*.md", "docs/**/*", f"{SCAFFOLD}/**/*")
    for path in sorted(REPOSITORY.glob(pattern))
    if path.is_file() and path.suffix != ".png"
]
PORT = re.compile(
    r"(?:--publish|(?<!\S)-p)[ =]+(\S*\d+:\d+\S*)|(?<!\S)(?:--publish-all|-P|--network[ =]host)(?!\S)"
)
"""Source: docs.docker.com/engine/network/port-publishing."""


def open_ports(text: str) -> list[str]:
    """What of a text publishes a port on every interface."""
    return [
        found[0]
        for found in PORT.finditer(text)
        if not (found[1] or "").startswith(("127.0.0.1:", "[::1]:", "localhost:"))
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("docker run --publish 8888:8888 x", 1),
        ("docker run --publish=8888:8888 x", 1),
        ("docker run -p 80:8888 x", 1),
        ("docker run -p 0.0.0.0:80:8888 x", 1),
        ("docker run -P x", 1),
        ("docker run --network host x", 1),
        ("docker run -p 127.0.0.1:80:8888 x", 0),
        ("docker run --publish 127.0.0.1:8888:8888 x", 0),
        ("mkdir -p a:b; publishes nothing", 0),
    ],
)
def test_what_counts(text: str, count: int) -> None:
    assert len(open_ports(text)) == count


def test_no_page_opens_a_port() -> None:
    assert {page.name for page in PAGES} >= {"README.md", "workflow.md", "matrix.yaml"}
    found = {
        str(page.relative_to(REPOSITORY)): open_ports(page.read_text(encoding="utf-8")) for page in PAGES
    }
    assert {page: lines for page, lines in found.items() if lines} == {}


def test_the_pages_say_how_to_run_an_image() -> None:
    for page in ("README.md", f"{SCAFFOLD}/README.md"):
        assert "--publish 127.0.0.1:8888:8888" in (REPOSITORY / page).read_text(encoding="utf-8")
