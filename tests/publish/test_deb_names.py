from __future__ import annotations

import pytest

from image_matrix.config.downloads import Download
from image_matrix.lock.apt_updates import AptAnswer, counting
from image_matrix.publish.deb_names import entry_of_file, guess_of_download, guess_of_file

NAMES = {
    "tool_1.0-1_all.deb": "tool=1.0-1",
    "libc6_2.41-12+deb13u1_amd64.deb": "libc6=2.41-12+deb13u1",
    "code-server_4.104.0_amd64.deb": "code-server=4.104.0",
    "google-chrome-stable_current_amd64.deb": "google-chrome-stable=current",
}
GUESSES = {
    "quarto-1.6.39-linux-amd64.deb": "quarto=1.6.39",
    "rstudio-server-2026.05.0-218-amd64.deb": "rstudio-server=2026.05.0-218",
    "tool-1.0-1~bookworm_amd64.deb": "tool=1.0-1~bookworm",
    "tool-1.0-rc1.ubuntu22.04.deb": "tool=1.0-rc1",
    "tool-v2.deb": "tool=2",
    "tool_latest.deb": "tool=0~",
    "other.deb": "other=0~",
    "git-2fa-1.0.deb": "git-2fa=1.0",
    "gcc-14-14.2.0.deb": "gcc-14=14.2.0",
    "libgtk-3-0-3.24.deb": "libgtk-3-0=3.24",
    "perl-5.40-modules.deb": "perl-5.40-modules=0~",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_which_package_it_is(name: str) -> None:
    assert [*entry_of_file(name)] == [NAMES[name]]
    assert [*guess_of_file(name)] == []


@pytest.mark.parametrize("name", GUESSES)
def test_another_name_is_a_guess(name: str) -> None:
    assert [*entry_of_file(name)] == []
    assert [*guess_of_file(name)] == [GUESSES[name]]


@pytest.mark.parametrize("name", ["tool.tar.gz", "_1_all.deb", ".deb", "$(id).deb"])
def test_what_is_no_package_is_none(name: str) -> None:
    assert [*entry_of_file(name), *guess_of_file(name)] == []


@pytest.mark.parametrize("name", ["quarto-1.6.39-linux-amd64.deb", "quarto.deb"])
def test_an_archive_with_a_newer_version_does_not_count(name: str) -> None:
    answer = AptAnswer(upgradable=(("quarto", "1.6.39", "1.7.0"), ("git", "1", "2")))
    assert [one.package for one in counting(answer, (), [*guess_of_file(name)])] == ["git"]


@pytest.mark.parametrize("name", ["git-2fa-1.0.deb", "git-2.0.deb", "git.deb"])
def test_a_guess_hides_no_update_of_another_package(name: str) -> None:
    """The file may be another package than its name says; what is listed or below is known."""
    git = ("git", "1", "3")
    guesses = [*guess_of_file(name)]
    assert [one.package for one in counting(AptAnswer((git,)), ["git"], guesses)] == ["git"]
    below = AptAnswer((git,), of_base=frozenset({"git"}), of_distribution=frozenset({("git", "3")}))
    assert [one.package for one in counting(below, [], guesses)] == ["git"]


def test_a_download_is_known_by_its_name_too() -> None:
    download = Download("rstudio-server", "2026.05.0+218", "https://example.org/server.deb", deb=True)
    assert [*guess_of_download(download)] == ["rstudio-server=2026.05.0+218"]
    assert [*guess_of_download(Download("R_4", "1", "https://example.org/server.deb", deb=True))] == []
