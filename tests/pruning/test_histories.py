"""Laws over random histories of a repository: whatever was built, released, forced and pruned before.

A history builds keys, releases them, builds them again by force, writes caches and tags of people, and deletes images
without their signatures, as other programs do. Contents repeat, so one digest has the tags of several keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.pruning.model import RepositoryNeeds
from image_matrix.pruning.order import still_going
from image_matrix.pruning.perform import Deletion, delete_all
from image_matrix.pruning.plan import make_plan
from image_matrix.pruning.tag_forms import LeftTag, read_tag
from tests.laws import examples
from tests.pruning.shelf import Shelf, hexadecimal

if TYPE_CHECKING:
    from datetime import datetime

LABELS, KEYS, ARCHES, CONTENTS = ("default", "python3.13"), "abcde", ("amd64", "arm64"), "xyz"
Step = tuple[str, str, str, str]


@dataclass
class Place:
    """A repository, and what was released of it."""

    shelf: Shelf
    releases: list[dict[str, str]] = field(default_factory=list)
    """Label to digest, of each release."""
    key: str = "a"

    def take(self, step: Step) -> None:
        action, label, key, content = step
        self.shelf.day += 1
        match action:
            case "release":
                builds = [self.shelf.build(label, key, arch, content=f"{content} {arch}") for arch in ARCHES]
                digest = self.shelf.release(label, key, builds)
                self.releases.append({**(self.releases[-1] if self.releases else {}), label: digest})
                self.key = key
            case "build":
                self.shelf.build(label, key, "amd64", content=f"{content} amd64")
            case "cache":
                self.shelf.push(f"cache {content}", f"cache-{label}-amd64", is_cache=True)
            case "tag" if self.shelf.tags:
                tags = sorted(self.shelf.tags)
                self.shelf.tags[f"mine-{content}"] = self.shelf.tags[tags[len(tags) // 2]]
            case "attach" if self.releases:
                digest = self.releases[-1].get(label, "")
                bundle = self.shelf.push(f"bundle {content} {digest}", subject=digest)
                self.shelf.push(f"list {content} {digest}", digest.replace(":", "-"), children=(bundle,))
            case "lose":
                digests = sorted(set(self.shelf.tags.values()))
                lost = digests[len(digests) // 2] if digests else ""
                if lost not in self.needed(2):
                    self.shelf.delete(lost)

    def named(self, last: int) -> frozenset[str]:
        return frozenset(digest for one in self.releases[-last:] for digest in one.values())

    def needs(self, last: int) -> RepositoryNeeds:
        now = {f"{label}-{hexadecimal(self.key)[:12]}-{arch}": "a key" for label in LABELS for arch in ARCHES}
        moving = {**dict.fromkeys(LABELS, "a tag that moves"), "cache-default-amd64": "a key"}
        return RepositoryNeeds(
            "images",
            {**now, **moving},
            dict.fromkeys(self.named(last), "a release"),
            self.named(last),
            frozenset(LABELS),
        )

    def needed(self, last: int) -> set[str]:
        """Return what the last releases need, by rules of its own: indexes, what they list, what is attached to it."""
        shelf, tags = self.shelf, self.needs(last).tags
        found = {digest for tag, digest in shelf.tags.items() if tag in tags or tag.startswith("mine")}
        found |= self.named(last)
        size = -1
        while size != len(found):
            size = len(found)
            found |= {
                child for one in found if one in shelf.manifests for child in shelf.manifests[one].children
            }
            names = {one.replace(":", "-") for one in found}
            found |= {digest for tag, digest in shelf.tags.items() if tag.removesuffix(".sig") in names}
        return found & shelf.manifests.keys()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["release", "release", "build", "cache", "tag", "attach", "lose"]),
        st.sampled_from(LABELS),
        st.sampled_from(KEYS),
        st.sampled_from(CONTENTS),
    ),
    max_size=14,
)


def at(steps: list[Step], *, lists_everything: bool) -> Place:
    place = Place(Shelf(lists_everything))
    for step in steps:
        place.take(step)
    return place


class Killed(Exception):  # noqa: N818 - it is no error
    """The program ends here."""


def prune(place: Place, last: int, before: datetime, *, after: int | None = None) -> None:
    """Prune once; the program is killed after so many requests that change something."""
    left = [after]

    def counted(*arguments: object) -> None:
        if left[0] == 0:
            raise Killed
        left[0] = None if left[0] is None else left[0] - 1
        (place.shelf.delete if len(arguments) > 1 else place.shelf.mark)(*arguments)  # type: ignore[arg-type]

    needs = place.needs(last)
    plan = make_plan("r", place.shelf.listing(needs), needs, before)
    assert delete_all(plan.delete, Deletion(counted, counted)).failed == {}


@given(STEPS, st.integers(1, 4), st.integers(0, 8), st.booleans())
@settings(max_examples=examples(600), deadline=None)
def test_what_the_last_releases_need_stays(steps: list[Step], last: int, days: int, everything: bool) -> None:
    place = at(steps, lists_everything=everything)
    needed, tags = place.needed(last), dict(place.shelf.tags)
    place.shelf.day += days
    prune(place, last, place.shelf.now)
    assert place.shelf.manifests.keys() >= needed
    assert {tag for tag, digest in tags.items() if digest in needed} <= place.shelf.tags.keys()


@given(STEPS, st.integers(1, 3), st.integers(0, 40), st.booleans())
@settings(max_examples=examples(600), deadline=None)
def test_a_prune_that_breaks_off_is_completed_by_the_next(
    steps: list[Step], last: int, after: int, everything: bool
) -> None:
    whole, broken = (at(steps, lists_everything=everything) for _ in range(2))
    needed = whole.needed(last)
    for place in (whole, broken):
        place.shelf.day += 1
    prune(whole, last, whole.shelf.now)
    try:
        prune(broken, last, broken.shelf.now, after=after)
    except Killed:
        assert broken.shelf.manifests.keys() >= needed
        for digest in broken.shelf.tags.values():  # a tag never promises what is gone
            assert broken.shelf.manifests.keys() >= set(broken.shelf.manifests[digest].children)
        prune(broken, last, broken.shelf.now)
    assert broken.shelf.manifests.keys() == whole.shelf.manifests.keys()
    assert not [tag for tag in broken.shelf.tags if isinstance(read_tag(tag), LeftTag)]


@given(STEPS, STEPS, st.integers(1, 3), st.booleans())
@settings(max_examples=examples(600), deadline=None)
def test_a_release_in_between_loses_nothing(
    steps: list[Step], later: list[Step], last: int, everything: bool
) -> None:
    """What was planned goes only if it still goes when everything was read again."""
    place = at(steps, lists_everything=everything)
    first = make_plan("r", place.shelf.listing(place.needs(last)), place.needs(last), place.shelf.now)
    before = place.shelf.now
    for step in later:
        place.take(step)
    needs = place.needs(last)
    gone = still_going(first.delete, make_plan("r", place.shelf.listing(needs), needs, before).delete)
    needed = place.needed(last)
    delete_all(gone, place.shelf.deletion())
    assert place.shelf.manifests.keys() >= needed


@given(STEPS, st.integers(1, 3))
@settings(max_examples=examples(300), deadline=None)
def test_a_second_prune_has_nothing_to_do(steps: list[Step], last: int) -> None:
    place = at(steps, lists_everything=False)
    place.shelf.day += 1
    prune(place, last, place.shelf.now)
    needs = place.needs(last)
    assert make_plan("r", place.shelf.listing(needs), needs, place.shelf.now).delete == ()
