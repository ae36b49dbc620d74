"""Laws of what reviewers read, for any two catalogs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from markdown_it import MarkdownIt

from image_matrix.cli.against import change_text
from image_matrix.diagnostics import MatrixError
from image_matrix.github.profile_changes import profile_changes
from image_matrix.lock.pins import Pins
from image_matrix.render.kubernetes.offer_review import PinnedMatrix, offer_review
from image_matrix.render.kubernetes.whole_lists import whole_lists
from tests.deploy.strategies import catalogs
from tests.deploy.support import small
from tests.laws import examples

pytestmark = pytest.mark.slow


def state(overlay: str) -> PinnedMatrix:
    try:
        return PinnedMatrix(small(overlay), Pins())
    except MatrixError:
        assume(False)
        raise


def noticeable(of: PinnedMatrix) -> dict[str, Any]:
    """What users of each site notice: all but the keys and the order of choices."""
    return {
        site: {entry["slug"]: json.dumps(_without_keys(entry), sort_keys=True) for entry in entries}
        for site, entries in whole_lists(of.loaded).items()
    }


def _without_keys(entry: dict[str, Any]) -> dict[str, Any]:
    options = entry.get("profile_options", {}).values()
    choices = [
        sorted(json.dumps(item, sort_keys=True) for item in one["choices"].values()) for one in options
    ]
    return {**entry, "aliases": None, "profile_options": choices}


@given(before=catalogs(), after=catalogs())
@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_what_differs_is_said_and_nothing_else(before: str, after: str) -> None:
    old, new = state(before), state(after)
    assert profile_changes(old, old, ()) == ""
    text = change_text(offer_review(old, new))
    assert text or noticeable(old) == noticeable(new)
    assert all(line.startswith("- ") for line in text.splitlines())


@given(before=catalogs(), after=catalogs())
@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_no_text_of_the_matrix_is_markup(before: str, after: str) -> None:
    """Its list has an item for each line, and no heading, link, image or HTML but the folds."""
    comment = profile_changes(state(after), state(before), ())
    tokens = MarkdownIt("commonmark", {"html": True}).parse(comment)
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or () if child.type != "text"
    }
    assert kinds <= {
        "paragraph_open", "paragraph_close", "inline", "bullet_list_open", "bullet_list_close", "list_item_open",
        "list_item_close", "html_block", "fence", "code_inline", "strong_open", "strong_close",
    }  # fmt: skip
    allowed = {"<details><summary>Pods before and after</summary>\n", "</details>\n"}
    assert {token.content for token in tokens if token.type == "html_block"} <= allowed
