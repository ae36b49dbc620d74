"""The page of a release branch that was rolled back by hand has newer facts; the other files stay."""

from __future__ import annotations

import pytest

from image_matrix.cli import prune_revisions
from tests.cli.listed_place import Reports, changed_last, facts_on_page, listed, reports, rolled_back
from tests.cli.release_place import BAD, GOOD, NEXT, SCIENCE, Place, place, project, state

__all__ = ["listed", "place", "project", "reports", "state"]

KEPT = "was changed by hand after this was released: it is kept"


@pytest.mark.slow
def test_a_newer_report_reaches_the_page_of_what_was_rolled_back_to(listed: Place, reports: Reports) -> None:
    """It changes the page alone: that is no release, so the next one finds the rollback, too."""
    later = rolled_back(listed)
    reports.day, reports.asked, before = "2026-11-29", 0, later.tip()
    said = later.release(science=BAD)
    assert KEPT in said
    assert "its page alone" in said
    assert reports.asked == 1
    later.git("fetch", "--quiet", "origin", "release")
    assert later.git("diff", "--name-only", before, "FETCH_HEAD") == "deploy/catalog.html"
    page = later.shown("deploy/catalog.html")
    assert "2026-11-29" in page
    assert '"toolz":"1.0.0"' in page
    assert '"toolz":"1.1.0"' not in page
    assert facts_on_page(later, SCIENCE)["Built on"] == "lab:default"
    assert changed_last(later, SCIENCE) == ["toolz 1.1.0 → 1.0.0"]
    assert len(later.git("ls-remote", "--tags", "origin").splitlines()) == 2
    tip = later.tip()
    assert KEPT in later.release(science=BAD)
    assert later.tip() == tip


@pytest.mark.slow
def test_a_rollback_ends_behind_a_newer_page(listed: Place, reports: Reports) -> None:
    later = rolled_back(listed)
    rollback, reports.day = later.tip(), "2026-11-29"
    later.release(science=BAD)
    assert later.tip() != rollback
    with later.on_branch():
        later.git("revert", "--no-edit", "--strategy-option=theirs", rollback)
    assert KEPT not in later.release(science=BAD)
    assert later.offered()[SCIENCE]["digest"] == BAD
    assert "2026-11-29" in later.shown("deploy/catalog.html")
    assert facts_on_page(later, SCIENCE)["Image"] == BAD


@pytest.mark.slow
def test_a_page_that_nobody_can_write_stays(
    listed: Place, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix of the release is not in this clone: that of today may have other images and profiles."""
    later = rolled_back(listed)
    tip, reports.day = later.tip(), "2026-11-29"
    monkeypatch.setattr(prune_revisions, "readable_state", lambda *_: None)
    assert KEPT in later.release(science=BAD)
    assert later.tip() == tip


@pytest.mark.slow
def test_digests_by_hand_have_the_page_of_today(listed: Place, reports: Reports) -> None:
    listed.git("add", "--all")
    listed.commit("The matrix")
    listed.release()
    with listed.on_branch():
        for path in map(listed.git.root.joinpath, listed.git("ls-files", "deploy").split()):
            path.write_text(path.read_text().replace(GOOD, NEXT))
        listed.git("commit", "--quiet", "--all", "--message", "Other images")
    reports.day = "2026-11-29"
    assert "its page alone" in listed.release()
    assert facts_on_page(listed, SCIENCE)["Image"] == NEXT
    assert "2026-11-29" in listed.shown("deploy/catalog.html")
