from __future__ import annotations

import copy
from typing import Any

import pytest

from image_matrix.github import profile_changes as profiles
from image_matrix.github.profile_changes import profile_changes
from tests.workflow.matrices import loaded, reference

OLD = reference()


def said(change: dict[str, Any], rebuilt: tuple[str, ...] = ()) -> str:
    return profile_changes(loaded(change), loaded(OLD), rebuilt)


def test_nothing_is_said_of_nothing() -> None:
    assert said(OLD) == ""
    assert said(OLD, ("base:python3.13",)) == "", "no profile offers base"


def test_profiles_that_come_and_go() -> None:
    new = copy.deepcopy(OLD)
    slug = list(new["profiles"])[-1]
    gone = new["profiles"].pop(slug)
    assert f"no longer offered: **{gone['display_name']}**" in said(new)
    assert f"new: **{gone['display_name']}**" in profile_changes(loaded(OLD), loaded(new), ())


@pytest.mark.slow
def test_a_profile_under_another_slug() -> None:
    new = copy.deepcopy(OLD)
    slug = list(new["profiles"])[-1]
    new["profiles"]["moved"] = {**new["profiles"].pop(slug), "display_name": "Moved", "aliases": [slug]}
    text = said(new)
    name = OLD["profiles"][slug]["display_name"]
    assert f"- **{name}** is now **Moved**; saved choices follow" in text
    assert "no longer" not in text
    assert "new:" not in text
    assert "aliases" not in profile_changes(loaded(OLD), loaded(new), ())


def test_what_users_see_of_a_change() -> None:
    new = copy.deepcopy(OLD)
    profile = next(iter(new["profiles"].values()))
    profile["description"] = "Something | else"
    assert f"**{profile['display_name']}**: changed description" in said(new)


def test_new_images_of_a_profile() -> None:
    text = said(OLD, tuple(loaded(OLD).variants))
    assert text.count("new image of") >= 7
    assert "`jupyter-scipy`" in text


def test_many_profiles_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "LISTED", 2)
    text = said(OLD, tuple(loaded(OLD).variants))
    assert text.count("\n- **") == 2
    assert f"- … and {len(OLD['profiles']) - 2} more" in text


def test_without_an_old_state_only_images_are_told() -> None:
    text = profile_changes(loaded(OLD), None, ("jupyter-scipy:python3.13",))
    assert "new image of `jupyter-scipy`" in text
    assert "other" not in text
