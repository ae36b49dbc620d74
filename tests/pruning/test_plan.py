"""What goes from a repository, and what stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.pruning.model import RepositoryNeeds, Seen
from image_matrix.pruning.plan import make_plan
from image_matrix.pruning.tag_forms import left_tag
from image_matrix.publish.claims import KEY
from tests.pruning.shelf import INDEX, NEEDS, Shelf, old_release

if TYPE_CHECKING:
    from image_matrix.pruning.model import RepositoryPlan


def planned(shelf: Shelf, needs: RepositoryNeeds = NEEDS) -> RepositoryPlan:
    return make_plan("example.org/team/base", shelf.listing(needs), needs, shelf.now)


def going(plan: RepositoryPlan) -> dict[str, str]:
    return {one.name: one.kind for one in plan.delete}


@pytest.fixture
def shelf() -> Shelf:
    """A release that nothing needs any more, and a day later."""
    shelf = old_release()
    shelf.day = 1
    return shelf


def test_an_old_release_goes_whole(shelf: Shelf) -> None:
    plan = planned(shelf)
    assert sorted(going(plan).values()) == ["old key"] * 3 + ["signature"] * 5
    for one in plan.delete:
        shelf.delete(one.digest)
        for part in one.parts:
            shelf.delete(part)
    assert shelf.manifests == {}
    assert shelf.tags == {}


def test_indexes_go_before_their_images_and_signatures_last(shelf: Shelf) -> None:
    delete = planned(shelf).delete
    assert [one.kind for one in delete] == ["old key"] * 3 + ["signature"] * 5
    assert [one.subject is None for one in delete] == [True] * 3 + [False] * 5
    assert [len(one.parts) for one in delete][3:] == [0] * 5
    assert sum(len(one.parts) for one in delete) == 4


def test_what_lists_goes_before_what_it_lists_against_names_and_digests() -> None:
    shelf = Shelf(lists_everything=True)
    leaves = tuple(shelf.push(f"leaf {number}") for number in range(9))
    part = shelf.push("part", children=leaves)
    below = shelf.push("below", "default-00000000000a-amd64", children=(part,))
    above = shelf.push("above", "default-00000000000b-amd64", children=(below,))
    signature = shelf.sign(part)
    shelf.day = 1
    delete = planned(shelf).delete
    assert [one.digest for one in delete] == [above, below, signature]
    assert [one.parts for one in delete] == [(), (part, *sorted(leaves)), ()]
    assert part > min(leaves)


def test_what_is_attached_to_what_lists_it_has_an_end() -> None:
    """The tag of somebody's list may name an image of the list."""
    shelf = Shelf(lists_everything=True)
    image = shelf.push("image", "default-00000000000a-amd64")
    index = shelf.push("list", image.replace(":", "-"), children=(image,))
    loop = [shelf.push(name) for name in "ab"]
    shelf.tags |= {
        f"{one.replace(':', '-')}.sig": other for one, other in zip(loop, reversed(loop), strict=True)
    }
    shelf.manifests[loop[0]] = Seen(loop[0], (image,))
    shelf.tags["default-00000000000b-amd64"] = loop[0]
    shelf.day = 1
    delete = planned(shelf).delete
    assert {one.digest for one in delete} == {image, index, *loop}
    assert [one.subject for one in delete if one.digest == index] == [None]
    assert [one.digest for one in delete].index(index) < [one.digest for one in delete].index(image)


def test_what_was_marked_stays_with_the_index_that_could_not_be_deleted(shelf: Shelf) -> None:
    index = shelf.tags[INDEX]
    parts = shelf.manifests[index].children
    for part in parts:
        shelf.mark(part)
    bundle = shelf.push("bundle", subject=index)
    shelf.mark(bundle)
    kept = planned(shelf, replace(NEEDS, digests={index: "a release"}))
    assert kept.delete == ()
    delete = planned(shelf).delete
    assert {part for one in delete for part in one.parts} == {*parts}
    assert {one.kind for one in delete} == {"old key", "signature"}
    assert [one.subject for one in delete if one.digest == bundle] == [index]
    for digest in [one for one, seen in shelf.manifests.items() if seen.children]:
        shelf.delete(digest)
    assert going(planned(shelf))[left_tag(parts[0])] == "left over"


def test_what_a_release_names_stays_with_its_signatures_and_what_was_tested(shelf: Shelf) -> None:
    digest = shelf.tags[INDEX]
    plan = planned(shelf, replace(NEEDS, digests={digest: "release 2026.1129.1"}))
    assert plan.delete == ()
    assert {one.reason for one in plan.keep} == {
        "release 2026.1129.1", "its images stay", "the image that it is attached to stays",
    }  # fmt: skip


def test_what_a_release_names_stays_without_a_tag(shelf: Shelf) -> None:
    """A forced build points the tag of a key to another image."""
    digest = shelf.tags[INDEX]
    builds = [shelf.build("default", "old", arch, content=f"again {arch}") for arch in ("amd64", "arm64")]
    shelf.release("default", "old", builds)
    shelf.tags.pop("default")
    shelf.day = 2
    needs = replace(NEEDS, digests={digest: "release 1"}, named=frozenset({digest}))
    gone = {digest for one in planned(shelf, needs).delete for digest in (one.digest, *one.parts)}
    children = shelf.manifests[digest].children
    assert gone
    assert not gone & {digest, *children, *(shelf.tags[f"{one.replace(':', '-')}.sig"] for one in children)}


@pytest.mark.parametrize("lists_everything", [False, True])
def test_what_is_young_stays(shelf: Shelf, lists_everything: bool) -> None:
    shelf.lists_everything, shelf.day = lists_everything, 0
    assert planned(shelf).delete == ()
    assert {one.reason for one in planned(shelf).keep} >= {"it is young"}


def test_what_has_no_date_stays(shelf: Shelf) -> None:
    shelf.dates.clear()
    plan = planned(shelf)
    assert plan.delete == ()
    assert {one.reason for one in plan.unexplained} == {"its age is not known"}


def test_what_another_program_has_broken_goes() -> None:
    """Actions that delete what has no tag take the images of indexes: such a tag promises what is gone."""
    shelf = Shelf()
    build = shelf.build("default", "old", "amd64")
    children = shelf.manifests[build].children
    for child in children:
        shelf.delete(child)
    shelf.dates.clear()
    listing = replace(shelf.listing(NEEDS), absent=frozenset(children))
    assert [one.digest for one in make_plan("r", listing, NEEDS, shelf.now).delete] == [build]


def test_a_tag_by_commit_looks_like_a_key_and_is_none(shelf: Shelf) -> None:
    shelf.push("theirs", "default-0123456789ab")
    shelf.push("forged", "default-ba9876543210", annotations={KEY: "f" * 64})
    shelf.push("other", "nightly-0123456789ab-amd64")
    shelf.day = 2
    assert [one.name for one in planned(shelf).unexplained] == [
        "default-0123456789ab", "default-ba9876543210", "nightly-0123456789ab-amd64",
    ]  # fmt: skip


def test_somebodys_tag_protects_what_it_points_to(shelf: Shelf) -> None:
    shelf.tags["keep-me"] = shelf.tags[INDEX]
    plan = planned(shelf)
    assert plan.delete == ()
    assert [one.name for one in plan.unexplained] == [INDEX]


def test_images_without_attestations_are_explained_by_the_index_that_stays() -> None:
    """Only of what could go, a registry is asked for the date."""
    shelf = Shelf()
    images = tuple(shelf.push(arch, f"default-{'0' * 12}-{arch}") for arch in ("amd64", "arm64"))
    index = shelf.push("index", "2026-11-29", children=images)
    shelf.dates.clear()
    plan = planned(shelf, replace(NEEDS, digests={index: "release 2026.1129.1"}))
    assert (plan.delete, plan.unexplained) == ((), ())
    assert {one.digest for one in plan.keep} == {index, *images}
    by_day = planned(shelf)
    assert (by_day.delete, [one.tags for one in by_day.unexplained]) == ((), [("2026-11-29",)])


def test_caches_go_with_their_variant(shelf: Shelf) -> None:
    shelf.push("cache", "cache-default-amd64", is_cache=True)
    shelf.push("other", "cache-gone-amd64", is_cache=True)
    shelf.push("no cache", "cache-mine-amd64")
    shelf.day = 2
    plan = planned(shelf, replace(NEEDS, tags={"cache-default-amd64": "a key of the matrix"}))
    assert going(plan)["cache-gone-amd64"] == "cache"
    assert "cache-mine-amd64" in [one.name for one in plan.unexplained]
    assert "cache-default-amd64" in [one.name for one in plan.keep]


def test_a_signature_whose_image_is_gone_goes(shelf: Shelf) -> None:
    shelf.push("lost", f"sha256-{'1' * 64}.att")
    assert going(planned(shelf))[f"sha256-{'1' * 64}.att"] == "signature"


def test_a_signature_of_what_nothing_lists_stays(shelf: Shelf) -> None:
    digest = shelf.push("somebody's")
    shelf.sign(digest)
    assert [one.reason for one in planned(shelf).unexplained] == [f"nothing lists {digest}"]


def test_a_bundle_goes_with_the_list_of_referrers(shelf: Shelf) -> None:
    digest = shelf.tags[INDEX]
    bundle = shelf.push("bundle", subject=digest)
    shelf.push("list", digest.replace(":", "-"), children=(bundle,))
    parts = {one.name: one.parts for one in planned(shelf).delete}
    assert parts[digest.replace(":", "-")] == (bundle,)


def test_everything_stays_where_pull_requests_are_not_known(shelf: Shelf) -> None:
    plan = planned(shelf, replace(NEEDS, role="staging", unknown="no token"))
    assert plan.delete == ()
    assert going(planned(shelf, replace(NEEDS, role="staging"))).keys()


def test_what_was_listed_without_a_tag(shelf: Shelf) -> None:
    """GitHub lists it: overwritten caches and builds go, what nobody can explain does not."""
    shelf.lists_everything = True
    cache = shelf.push("old cache", is_cache=True)
    build = shelf.push("old build", annotations={"org.opencontainers.image.revision": "0" * 40})
    unknown = shelf.push("somebody's")
    lost = shelf.push("lost", subject=f"sha256:{'1' * 64}")
    shelf.day = 2
    listing = shelf.listing(NEEDS)
    plan = make_plan("r", replace(listing, absent=frozenset({f"sha256:{'1' * 64}"})), NEEDS, shelf.now)
    kinds = {one.digest: one.kind for one in plan.delete}
    assert (kinds[cache], kinds[build], kinds[lost]) == ("cache", "earlier build", "signature")
    assert [one.digest for one in plan.unexplained] == [unknown]


def test_a_release_whose_image_is_gone_is_named(shelf: Shelf) -> None:
    digest = f"sha256:{'2' * 64}"
    plan = planned(shelf, replace(NEEDS, digests={digest: "release 1"}, named=frozenset({digest})))
    assert plan.missing == (digest,)


def test_a_manifest_that_lists_itself_ends() -> None:
    shelf = Shelf()
    digest = shelf.push("loop", "default-0123456789ab-amd64")
    shelf.manifests[digest] = Seen(digest, (digest,))
    shelf.day = 1
    assert [one.parts for one in planned(shelf).delete] == [()]
