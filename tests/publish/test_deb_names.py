from __future__ import annotations

import pytest

from image_matrix.config.downloads import Download
from image_matrix.lock.apt_updates import AptAnswer, counting
from image_matrix.publish.deb_names import entry_of_download, entry_of_file

NAMES = {
    "tool_1.0-1_all.deb": "tool=1.0-1",
    "libc6_2.41-12+deb13u1_amd64.deb": "libc6=2.41-12+deb13u1",
    "quarto-1.6.39-linux-amd64.deb": "quarto=1.6.39",
    "rstudio-server-2026.05.0-218-amd64.deb": "rstudio-server=2026.05.0-218",
    "code-server_4.104.0_amd64.deb": "code-server=4.104.0",
    "google-chrome-stable_current_amd64.deb": "google-chrome-stable=current",
    "tool-v2.deb": "tool=2",
    "tool_latest.deb": "tool=0~",
    "other.deb": "other=0~",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_which_package_it_is(name: str) -> None:
    assert [*entry_of_file(name)] == [NAMES[name]]


@pytest.mark.parametrize("name", ["tool.tar.gz", "_1_all.deb", ".deb", "$(id).deb"])
def test_what_is_no_package_is_none(name: str) -> None:
    assert [*entry_of_file(name)] == []


@pytest.mark.parametrize("name", ["quarto-1.6.39-linux-amd64.deb", "quarto.deb"])
def test_an_archive_with_a_newer_version_does_not_count(name: str) -> None:
    answer = AptAnswer(upgradable=(("quarto", "1.6.39", "1.7.0"), ("git", "1", "2")))
    assert [one.package for one in counting(answer, [*entry_of_file(name)])] == ["git"]


def test_a_download_is_known_by_its_name_too() -> None:
    download = Download("rstudio-server", "2026.05.0+218", "https://example.org/server.deb", deb=True)
    assert [*entry_of_download(download)] == ["rstudio-server=2026.05.0+218"]
    assert [*entry_of_download(Download("R_4", "1", "https://example.org/server.deb", deb=True))] == []
