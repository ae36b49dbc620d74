"""Which release of an extension the gallery has, asked page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from image_matrix.lock.gallery import Gallery
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "/api/team/tool/"


class OpenVsx:
    """Answers for releases 1 to 150 of an extension; the newer ones need a newer editor."""

    def __init__(self, oldest_too_new: int) -> None:
        self.oldest_too_new = oldest_too_new
        self.asked: list[str] = []

    def stream(self, url: str) -> Iterator[bytes]:
        self.asked.append(url)
        address = urlsplit(url)
        name = address.path.removeprefix(API)
        if name == "version-references":
            offset = int(parse_qs(address.query)["offset"][0])
            numbers = range(150 - offset, max(0, 50 - offset), -1)
            versions = [self.about(number) for number in numbers]
            yield json.dumps({"offset": offset, "totalSize": 150, "versions": versions}).encode()
        elif name == "latest" or name.isdigit():
            yield json.dumps(self.about(150 if name == "latest" else int(name))).encode()
        else:
            raise ConnectionFailed("HTTP 404", retry=None, status=404)

    def about(self, number: int) -> dict[str, Any]:
        engine = "^1.200.0" if number >= self.oldest_too_new else "^1.90.0"
        return {
            "version": str(number),
            "engines": {"vscode": engine},
            "downloads": {"universal": ""},
            "preRelease": number % 2 == 1,
        }


def newest(server: OpenVsx, name: str = "team.tool") -> tuple[str | None, bool]:
    gallery = Gallery(
        server.stream, Patience(lambda _: None), {"https://open-vsx.org": "https://mirror.invalid"}
    )
    return gallery.newest(name, lambda targets: "universal" in targets, (1, 139, 1))


@pytest.mark.parametrize(("oldest_too_new", "expected"), [(151, "150"), (150, "148"), (20, "18")])
def test_the_newest_release_that_runs_is_found(oldest_too_new: int, expected: str) -> None:
    server = OpenVsx(oldest_too_new)
    assert newest(server) == (f"team.tool@{expected}", True)
    assert all(url.startswith("https://mirror.invalid/api/") for url in server.asked)
    assert len(server.asked) <= 6  # what is known not to run is not asked for


def test_none_is_told_from_nothing() -> None:
    assert newest(OpenVsx(0)) == (None, True)
    assert newest(OpenVsx(0), "team.other") == (None, False)
