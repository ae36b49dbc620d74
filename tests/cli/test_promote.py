"""``promote``: a channel of a bare repository, what it gets, what it keeps, when it refuses."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from tests.cli.release_place import BAD, GOOD, NEXT, SCIENCE, Place, place, project, state
from tests.registry.writable import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.registry.writable import Writable

__all__ = ["place", "project", "state"]
pytestmark = pytest.mark.slow
FIRST, SECOND, THIRD = (f"2026.1129.{number}" for number in (1, 2, 3))


@dataclass
class Channel:
    """The channel of a site, in a repository with two releases."""

    place: Place
    server: Writable
    """The registry that has the images: a mirror of that in the matrix."""
    name: str = "stable"

    def promote(self, *arguments: str, to: str = "stable") -> tuple[int, str]:
        self.place.capture.readouterr()
        code = run(["-C", str(self.place.git.root), "promote", *arguments, "--to", to])
        shown = self.place.capture.readouterr()
        return code, f"{shown.out}{shown.err}"

    def remote(self, *command: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.place.remote), *command], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def science(self) -> str:
        """The digest that the channel offers."""
        images = json.loads(self.remote("show", f"{self.name}:deploy/images.json"))["images"]
        return str(images[SCIENCE]["digest"])


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who promotes is who calls, outside of a run."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")


@pytest.fixture
def empty(place: Place) -> Iterator[Channel]:
    """No release yet; the registry has what tests release."""
    with serving() as server:
        mirrors = {"registries": {"ghcr.io": server.host}}
        with (place.git.root / "matrix.yaml").open("a") as matrix:
            matrix.write(f"network: {json.dumps({'mirrors': mirrors})}\n")
        place.git("commit", "--quiet", "--all", "--message", "A mirror")
        for image in ("base", "lab", "science"):
            server.keep(f"example/notebooks/{image}", GOOD, BAD, NEXT)
        yield Channel(place, server)


@pytest.fixture
def channel(empty: Channel) -> Channel:
    empty.place.release()
    empty.place.commit("An edit")
    empty.place.release(science=BAD)
    return empty


def test_a_release_and_its_tag_arrive_together(channel: Channel) -> None:
    assert channel.remote("tag", "--list").split() == [FIRST, SECOND]
    assert channel.remote("rev-parse", SECOND) == channel.place.tip()
    assert f"tag {THIRD}" in channel.place.release(science=NEXT)
    assert "tag" not in channel.place.release(science=NEXT)  # nothing changes
    assert channel.remote("tag", "--list").split() == [FIRST, SECOND, THIRD]


def test_a_release_without_a_tag_gets_it(channel: Channel) -> None:
    channel.place.git("push", "--quiet", "origin", f":refs/tags/{SECOND}")
    assert "is up to date" in channel.place.release(science=BAD)
    assert channel.remote("rev-parse", SECOND) == channel.place.tip()


def test_the_newest_release_is_promoted(channel: Channel) -> None:
    assert channel.promote() == (0, f"stable has {SECOND} now, for hub\n")
    assert channel.science() == BAD
    assert channel.remote("diff", "--stat", "release", "stable") == ""
    channel.place.release(science=NEXT)
    assert channel.science() == BAD  # until it is promoted
    channel.promote()
    assert channel.science() == NEXT
    assert channel.promote() == (0, f"stable has {THIRD} already\n")
    assert channel.remote("log", "-1", "--format=%an: %s", "stable") == f"Ada: Promote {THIRD} to stable"


def test_an_older_release_can_be_promoted(channel: Channel) -> None:
    channel.promote()
    before = channel.remote("rev-parse", "stable")
    assert channel.promote(FIRST)[0] == 0
    assert channel.science() == GOOD
    assert channel.remote("merge-base", before, "stable") == before  # nothing was forced


def test_nothing_is_pushed_in_a_dry_run(channel: Channel) -> None:
    assert channel.promote("--dry-run") == (0, f"stable would get {SECOND}, for hub\n")
    assert channel.remote("branch", "--list", "stable") == ""


def test_a_release_that_is_not_there(channel: Channel) -> None:
    code, text = channel.promote("2026.1129.20")
    assert code == 2
    assert "there is no release 2026.1129.20" in text
    assert f"releases, the newest first: `{SECOND}`, `{FIRST}`" in text
    assert channel.remote("branch", "--list", "stable") == ""


def test_a_channel_that_no_site_follows(channel: Channel) -> None:
    code, text = channel.promote(to="stabel")
    assert code == 2
    assert "did you mean `stable`?" in text


def test_a_branch_of_somebody_is_no_channel(channel: Channel) -> None:
    channel.place.git("push", "--quiet", "origin", "HEAD:refs/heads/stable")
    code, text = channel.promote()
    assert code == 1
    assert "the branch stable exists, and no promotion has made it" in text


def test_what_was_taken_back_by_hand_is_not_promoted_again(channel: Channel) -> None:
    channel.promote(FIRST)
    channel.promote(SECOND)
    with channel.place.on_branch("stable"):
        channel.place.git("revert", "--no-edit", "-m", "1", "HEAD")
    assert channel.science() == GOOD
    taken_back = channel.remote("rev-parse", "stable")
    code, text = channel.promote(SECOND)
    assert code == 1
    assert f"stable was changed by hand after {SECOND} was promoted" in text
    channel.place.release(science=NEXT)
    code, text = channel.promote()
    assert code == 0
    assert f"stable was changed by hand since its last promotion; {THIRD} replaces that" in text
    assert channel.science() == NEXT
    assert channel.remote("merge-base", taken_back, "stable") == taken_back


def test_a_release_whose_images_are_gone_is_not_promoted(channel: Channel) -> None:
    science = "example/notebooks/science"
    channel.promote()
    before = channel.remote("rev-parse", "stable")
    del channel.server.manifests[f"{science}@{GOOD}"]
    for option in ((), ("--dry-run",)):
        code, text = channel.promote(FIRST, *option)
        assert code == 1
        assert f"no longer has 1 image of {FIRST}: ghcr.io/{science}@{GOOD}\n" in text
        assert "promote a newer release" in text
    assert channel.remote("rev-parse", "stable") == before
    channel.place.release(science=NEXT)  # which no longer offers the image that is gone
    assert channel.promote()[0] == 0


def test_a_release_is_not_promoted_if_the_registry_does_not_say_what_it_has(channel: Channel) -> None:
    channel.server.behaviour.refused |= {"HEAD": 403, "GET": 403}
    code, text = channel.promote()
    assert code == 3
    assert f"ghcr.io/example/notebooks/base@{GOOD}: the registry denies access: not for you" in text
    assert channel.remote("branch", "--list", "stable") == ""


def test_a_channel_that_has_the_release_already_asks_no_registry(channel: Channel) -> None:
    channel.promote()
    channel.server.requests.clear()
    assert channel.promote() == (0, f"stable has {SECOND} already\n")
    assert channel.server.requests == []


def test_without_a_release_there_is_nothing_to_promote(empty: Channel) -> None:
    code, text = empty.promote()
    assert code == 2
    assert "no release has a tag yet" in text


@pytest.mark.parametrize("name", ["release", "main", "Stable/x"])
def test_a_name_that_cannot_be_a_channel_is_not_advised(place: Place, name: str) -> None:
    matrix = place.git.root / "matrix.yaml"
    matrix.write_text(re.sub(r"channel: stable(, )?", "", matrix.read_text()))
    code = run(["-C", str(place.git.root), "promote", "--to", name])
    assert code == 2
    text = place.capture.readouterr().err
    assert "it cannot be one: write `channel: stable` for a site in matrix.yaml, and `--to stable`" in text
    assert f"channel: {name}" not in text
