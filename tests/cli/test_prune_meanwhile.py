"""Laws over prunes during which others release, build, tag and attach, and the registry refuses what it likes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.cli import prune_deletion
from image_matrix.cli.prune_deletion import delete_planned
from image_matrix.cli.prune_stores import Store
from image_matrix.cli.session import Session
from image_matrix.pruning.plan import make_plan
from tests.laws import examples
from tests.pruning.test_histories import STEPS, at
from tests.pruning.test_perform import missing, refusing, signed

if TYPE_CHECKING:
    from image_matrix.pruning.model import RepositoryPlan
    from tests.pruning.test_histories import Place, Step

REFUSED = st.sets(st.integers(0, 7))
OF_OTHERS = STEPS.map(lambda steps: [step for step in steps if step[0] != "lose"])


class Meanwhile:
    """A prune of a repository in which something happens before each look at it."""

    def __init__(self, place: Place, last: int, later: list[Step]) -> None:
        self.place, self.last, self.later = place, last, later
        self.before = place.shelf.now
        self.needed: set[str] = set()
        """What was needed at one look at least."""

    def planned(self, _name: str = "") -> RepositoryPlan:
        needs = self.place.needs(self.last)
        self.needed |= self.place.needed(self.last)
        return make_plan("r", self.place.shelf.listing(needs), needs, self.before)

    def moved(self) -> bool:
        if not self.later:
            return False
        self.place.take(self.later.pop(0))
        return True


@given(STEPS, OF_OTHERS, st.integers(1, 3), REFUSED, st.integers(1, 4), st.booleans())
@settings(max_examples=examples(400), deadline=None)
def test_what_was_needed_at_any_look_stays_and_every_tag_has_what_it_names(
    steps: list[Step], later: list[Step], last: int, refused: set[int], at_once: int, everything: bool
) -> None:
    place = at(steps, lists_everything=everything)
    shelf, lost, attached = place.shelf, missing(place.shelf), signed(place.shelf)
    shelf.day += 1
    meanwhile = Meanwhile(place, last, later)
    plan, asked = meanwhile.planned(), list[str]()

    def refuses(digest: str) -> bool:
        assert digest not in asked, "it is tried again"
        asked.append(digest)
        return int(digest[-1], 16) % 8 in refused

    session, deletion = Session(Path(), "matrix.yaml", (), -1), refusing(shelf, refuses)
    store = Store(lambda _name: shelf.listing(place.needs(last)), lambda _name: deletion)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prune_deletion, "AT_ONCE", at_once)
        outcomes = delete_planned(session, store, [plan], meanwhile.planned, meanwhile.moved)
    assert not [one for outcome in outcomes for one in outcome.stopped]
    assert shelf.manifests.keys() >= meanwhile.needed
    assert missing(shelf) <= lost
    for image in attached.keys() & shelf.manifests.keys():
        assert shelf.manifests.keys() >= attached[image]
