from __future__ import annotations

import copy
from typing import Any

import pytest

from image_matrix.github import profile_changes as profiles
from image_matrix.github.profile_changes import profile_changes
from image_matrix.lock.pins import Pins
from image_matrix.render.kubernetes.offer_review import PinnedMatrix
from tests.workflow.matrices import loaded, reference

OLD = reference()


def state(matrix: dict[str, Any]) -> PinnedMatrix:
    return PinnedMatrix(loaded(matrix), Pins())


def comment(change: dict[str, Any], rebuilt: tuple[str, ...] = ()) -> str:
    return profile_changes(state(change), state(OLD), rebuilt)


def test_nothing_is_said_of_nothing() -> None:
    assert comment(OLD) == ""
    assert comment(OLD, ("base:python3.13",)) == "", "no profile offers base"


def test_profiles_that_come_and_go() -> None:
    new = copy.deepcopy(OLD)
    slug = list(new["profiles"])[-1]
    gone = new["profiles"].pop(slug)
    assert f"- **{gone['display_name']}**: no longer offered\n" in comment(new)
    assert f"- **{gone['display_name']}**: new profile\n" in profile_changes(state(OLD), state(new), ())


@pytest.mark.slow
def test_a_profile_under_another_slug() -> None:
    new = copy.deepcopy(OLD)
    slug = list(new["profiles"])[-1]
    new["profiles"]["moved"] = {**new["profiles"].pop(slug), "display_name": "Moved", "aliases": [slug]}
    text = comment(new)
    name = OLD["profiles"][slug]["display_name"]
    assert f"- **{name}**: now **Moved** under another slug; saved choices follow\n" in text
    assert "no longer" not in text
    assert "new profile" not in text
    assert "aliases" not in profile_changes(state(OLD), state(new), ())


def test_new_images_of_profiles() -> None:
    text = comment(OLD, tuple(loaded(OLD).variants))
    assert text.startswith("What changes for users:\n\n- new image of `jupyter-scipy`, ")
    assert text.endswith(f" more ({len(OLD['profiles'])} profiles)\n")
    assert "(Data science)" in comment(OLD, ("jupyter-scipy:python3.13",))


def test_many_changes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "LINES", 2)
    new = copy.deepcopy(OLD)
    for place, profile in enumerate(new["profiles"].values()):
        profile["description"] = f"Something | else {place}"
    head = comment(new).partition("<details>")[0]
    assert head.count("\n- **") == 2
    assert f"- … and {len(OLD['profiles']) - 2} more\n" in head


def test_long_folds_are_cut_inside_of_their_block(monkeypatch: pytest.MonkeyPatch) -> None:
    new = copy.deepcopy(OLD)
    for size in new["sizes"].values():
        size["memory"]["limit"] = "100Gi"
    whole = comment(new)
    monkeypatch.setattr(profiles, "FOLDED", 200)
    cut = comment(new)
    assert len(cut) < len(whole)
    assert cut.rstrip().endswith(" lines more\n```\n\n</details>")


def test_without_an_old_state_there_are_only_images() -> None:
    text = profile_changes(state(OLD), None, ("jupyter-scipy:python3.13",))
    assert text == "What changes for users:\n\n- new image of `jupyter-scipy` (Data science)\n"
