from __future__ import annotations

import json

import pytest

from image_matrix.errors import Failure
from image_matrix.publish.release_files import (
    DIGESTS,
    changed_images,
    deploy_files,
    entries_of,
    read_entries,
    refuse_to_offer_nothing,
    rolled_back,
)
from tests.publish.states import DIGEST, SOUND, STATE


def test_the_digest_file_names_everything() -> None:
    entries = entries_of(STATE, dict.fromkeys(STATE.loaded.variants, DIGEST))
    found = read_entries(deploy_files(STATE, entries)[DIGESTS].content.decode())
    assert found == entries
    assert set(found) == set(STATE.loaded.variants)
    assert all(item["reference"].endswith(f"@{DIGEST}") for item in found.values())
    assert changed_images(found, entries) == []
    other = {**entries["leaf:python3.13"], "digest": "other"}
    assert changed_images(found, {**entries, "leaf:python3.13": other}) == ["leaf:python3.13"]


@pytest.mark.parametrize("before", [None, "", '{"images": {}}'])
def test_without_a_last_release_there_are_no_entries(before: str | None) -> None:
    assert read_entries(before) == {}


def with_entry(**fields: object) -> str:
    """The digest file with one entry, as a release writes it but for some fields."""
    return json.dumps({"version": 1, "images": {"a:default": {**SOUND, **fields}}}, indent=2)


UNREADABLE = {
    "not json": "it is not JSON: Expecting value: line 1 column 1",
    "[" * 100_000: "it is nested too deeply",
    "[]": "it has no mapping `images`",
    "{}": "it has no mapping `images`",
    '{"images": []}': "it has no mapping `images`",
    '{"images": {"a": 1, "b": {"digest": "x"}}}': "`a` is no mapping and 2 more",
    with_entry(digest="sha256:12"): (
        'line 5: `digest` of `a:default` is `"sha256:12"`, not `sha256:` and 64 hexadecimal digits'
    ),
    with_entry(digest=None): "line 5: `digest` of `a:default` is missing",
    with_entry(
        reference="x/a:1@sha256:12"
    ): 'line 6: `reference` of `a:default` is `"x/a:1@sha256:12"`, not ',
    with_entry(reference=f"a b@{DIGEST}"): f'line 6: `reference` of `a:default` is `"a b@{DIGEST}"`, not ',
    with_entry(
        platforms=None
    ): "line 7: `platforms` of `a:default` is missing, not a list such as linux/amd64",
    with_entry(platforms="linux/amd64"): 'line 7: `platforms` of `a:default` is `"linux/amd64"`, not a list',
    with_entry(platforms=[[]]): "line 7: `platforms` of `a:default` is `[[]]`, not a list",
    with_entry(instead_of="x"): 'line 10: `instead_of` of `a:default` is `"x"`, not ',
    with_entry(previous="x/a"): 'line 10: `previous` of `a:default` is `"x/a"`, not ',
}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"platforms": ["linux/amd64", "linux/arm/v7"]},
        {"reference": f"localhost:5000/team/a@{DIGEST}"},
        {"previous": f"x/a:1@{DIGEST}", "instead_of": DIGEST},
    ],
)
def test_what_a_release_writes_is_read(fields: dict[str, object]) -> None:
    assert read_entries(with_entry(**fields)) == {"a:default": {**SOUND, **fields}}


@pytest.mark.parametrize("before", UNREADABLE)
def test_a_last_release_that_cannot_be_read_is_an_error(before: str) -> None:
    """What was taken back by hand would be offered again."""
    with pytest.raises(Failure) as caught:
        read_entries(before)
    assert (
        f"deploy/images.json of the release branch cannot be read: {UNREADABLE[before]}"
        in caught.value.message
    )
    assert "correct deploy/images.json" in caught.value.help


def entries(**digests: str) -> dict[str, dict[str, str]]:
    """Entries of digests; `1 (2)` is 1 that stands in the place of 2."""
    parts = {name: digest.partition(" (") for name, digest in digests.items()}
    return {
        name: {"digest": digest, **({"instead_of": other.rstrip(")")} if other else {})}
        for name, (digest, _, other) in parts.items()
    }


TAKEN_BACK = {
    "nothing was taken back": ({"a": "2"}, {"a": "2"}, {"a": "2"}, {}),
    "taken back and not built anew": ({"a": "2"}, {"a": "1"}, {"a": "2"}, {"a": "1 (2)"}),
    "taken back and built anew": ({"a": "2"}, {"a": "1"}, {"a": "3"}, {}),
    "another one is new": ({"a": "2", "b": "2"}, {"a": "1", "b": "2"}, {"a": "2", "b": "3"}, {"a": "1 (2)"}),
    "still after a release of another": ({"a": "1 (2)"}, {"a": "1 (2)"}, {"a": "2"}, {"a": "1 (2)"}),
    "built anew after a release of another": ({"a": "1 (2)"}, {"a": "1 (2)"}, {"a": "3"}, {}),
    "not offered before": ({"a": "2", "b": "2"}, {"a": "2"}, {"a": "2", "b": "2"}, {}),
    "never released": ({}, {"a": "1"}, {"a": "2"}, {}),
}


@pytest.mark.parametrize("case", TAKEN_BACK)
def test_what_was_taken_back_stays(case: str) -> None:
    released, offered, new, kept = TAKEN_BACK[case]
    assert rolled_back(entries(**released), entries(**offered), entries(**new)) == entries(**kept)


def test_a_branch_with_profiles_is_not_replaced_by_one_without() -> None:
    refuse_to_offer_nothing(STATE, "release", "")
    with pytest.raises(Failure, match="no profiles, but release has some") as caught:
        refuse_to_offer_nothing(STATE, "release", "kind: WorkspaceKind\n")
    assert caught.value.exit_code == 1
    assert "restore `profiles:`" in caught.value.help
