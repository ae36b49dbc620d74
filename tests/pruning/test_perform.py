"""What is deleted, and what stays with what the registry refuses to delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.errors import Failure
from image_matrix.github.packages import Protected
from image_matrix.pruning.order import still_going
from image_matrix.pruning.perform import Deletion, delete_all
from image_matrix.pruning.plan import make_plan
from image_matrix.pruning.tag_forms import AttachedTag, left_tag, read_tag
from tests.laws import examples
from tests.pruning.shelf import INDEX, NEEDS, old_release
from tests.pruning.test_histories import STEPS, Killed, at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from image_matrix.pruning.model import Gone
    from image_matrix.pruning.perform import DeletionOutcome
    from tests.pruning.shelf import Shelf
    from tests.pruning.test_histories import Step


@pytest.fixture(params=[False, True], ids=["lists tags", "lists everything"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    """A release that nothing needs any more, a cache that no build reads, and a day later."""
    shelf = old_release(lists_everything=request.param)
    shelf.push("cache", "cache-gone-amd64", is_cache=True)
    shelf.day = 1
    return shelf


def refusing(shelf: Shelf, refuses: Callable[[str], bool], kind: type[Failure] = Failure) -> Deletion:
    def delete(digest: str, tags: tuple[str, ...]) -> None:
        if refuses(digest):
            raise kind(f"{digest}: not this one")
        shelf.delete(digest, tags)

    return Deletion(delete, shelf.mark)


def planned(shelf: Shelf) -> tuple[Gone, ...]:
    return make_plan("r", shelf.listing(NEEDS), NEEDS, shelf.now).delete


def pruned(shelf: Shelf, refused: Collection[str], kind: type[Failure] = Failure) -> DeletionOutcome:
    return delete_all(planned(shelf), refusing(shelf, lambda digest: digest in refused, kind))


@pytest.mark.parametrize("kind", [Failure, Protected])
def test_an_index_that_is_refused_stays_whole_with_its_signatures(shelf: Shelf, kind: type[Failure]) -> None:
    index = shelf.tags[INDEX]
    parts = shelf.manifests[index].children
    signatures = {shelf.tags[f"{one.replace(':', '-')}.sig"] for one in (index, *parts)}
    for _ in range(3):
        outcome = pruned(shelf, [index], kind)
        assert [*outcome.failed, *outcome.protected] == [index]
        assert shelf.manifests.keys() == {index, *parts, *signatures}
        assert outcome.staying == len({*parts, *signatures})
    assert outcome.deleted == 0
    assert pruned(shelf, []).deleted == 10
    assert not shelf.manifests
    assert not shelf.tags


def test_what_stays_is_known_to_the_next_call(shelf: Shelf) -> None:
    index, plan = shelf.tags[INDEX], planned(shelf)
    deletion, held = refusing(shelf, lambda digest: digest == index), frozenset[str]()
    for one in plan:
        held = delete_all([one], deletion, held).held
    assert index in shelf.manifests
    assert shelf.manifests.keys() >= set(shelf.manifests[index].children)


def test_a_part_that_is_refused_is_named_and_goes_later(shelf: Shelf) -> None:
    index = shelf.tags[INDEX]
    part = shelf.manifests[index].children[0]
    signature = shelf.tags[f"{part.replace(':', '-')}.sig"]
    outcome = pruned(shelf, [part])
    assert [*outcome.failed] == [part]
    assert shelf.manifests.keys() >= {part, signature}
    assert index not in shelf.manifests
    assert left_tag(part) in shelf.tags
    assert pruned(shelf, []).failed == {}
    assert not shelf.manifests
    assert not shelf.tags


def test_a_part_is_deleted_with_its_tag(shelf: Shelf) -> None:
    """Some registries delete no manifest that has tags, and want to be told which."""
    given_tags: dict[str, tuple[str, ...]] = {}
    plan = planned(shelf)
    delete_all(plan, Deletion(lambda digest, tags: given_tags.update({digest: tags}), lambda _digest: None))
    parts = [part for one in plan for part in one.parts]
    assert len(parts) == 4
    assert all(given_tags[part] == (left_tag(part),) for part in parts)


def test_nothing_is_deleted_that_cannot_be_found_again(shelf: Shelf) -> None:
    def mark(digest: str) -> None:
        raise Failure(f"{digest}: no tag for it")

    before = {*shelf.manifests}
    outcome = delete_all([one for one in planned(shelf) if one.parts], Deletion(shelf.delete, mark))
    assert outcome.deleted == 0
    assert shelf.manifests.keys() == before


def test_what_only_the_newer_plan_deletes_keeps_what_it_lists(shelf: Shelf) -> None:
    plan, index = planned(shelf), shelf.tags[INDEX]
    gone = still_going([one for one in plan if one.digest != index], plan)
    named = {digest for one in gone for digest in (one.digest, *one.parts)}
    assert not named & {index, *shelf.manifests[index].children}
    assert {one.kind for one in gone} >= {"cache"}


def missing(shelf: Shelf) -> set[str]:
    """Return the tags that promise what is gone: what they name lists it, or is what it is attached to."""
    return {
        tag
        for tag, digest in shelf.tags.items()
        if digest not in shelf.manifests or any(one not in shelf.manifests for one in below(shelf, digest))
    }


def below(shelf: Shelf, digest: str) -> set[str]:
    children = shelf.manifests[digest].children if digest in shelf.manifests else ()
    return {*children}.union(*(below(shelf, one) for one in children))


def signed(shelf: Shelf) -> dict[str, set[str]]:
    """Return what is attached to each image that is there, by a tag."""
    found: dict[str, set[str]] = {}
    for tag, digest in shelf.tags.items():
        if isinstance(form := read_tag(tag), AttachedTag) and form.subject in shelf.manifests:
            found.setdefault(form.subject, set()).add(digest)
    return found


@given(
    STEPS,
    st.integers(1, 3),
    st.lists(
        st.tuples(st.sets(st.integers(0, 7)), st.sampled_from([None, 2, 5, 11])), min_size=1, max_size=4
    ),
    st.booleans(),
)
@settings(max_examples=examples(600), deadline=None)
def test_every_tag_has_what_it_names_whatever_is_refused(
    steps: list[Step], last: int, runs: list[tuple[set[int], int | None]], everything: bool
) -> None:
    """After any number of runs, each with refusals of its own, and perhaps killed; the last one completes them."""
    place = at(steps, lists_everything=everything)
    shelf = place.shelf
    lost, attached, needs = missing(shelf), signed(shelf), place.needs(last)
    shelf.day += 1
    for refused, most in [*runs, (set[int](), None)]:
        left = iter(range(most)) if most else iter(int, 1)

        def refuses(digest: str, refused: set[int] = refused, left: object = left) -> bool:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise Killed
            return int(digest[-1], 16) % 8 in refused

        plan = make_plan("r", shelf.listing(needs), needs, shelf.now)
        try:
            outcome = delete_all(plan.delete, refusing(shelf, refuses))
            assert outcome.deleted + len(outcome.failed) + outcome.staying == plan.count
        except Killed:
            pass
        assert missing(shelf) <= lost
        for image in attached.keys() & shelf.manifests.keys():
            assert shelf.manifests.keys() >= attached[image]
    assert make_plan("r", shelf.listing(needs), needs, shelf.now).delete == ()
