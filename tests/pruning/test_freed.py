"""How many bytes a prune frees: what nothing needs that stays, each blob once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.inventory.by_layer import PackagesByLayer
from image_matrix.planning.attached_packages import attach_packages
from image_matrix.pruning.freed import blobs_of, freed_bytes
from image_matrix.pruning.manifests import read_seen
from image_matrix.pruning.model import Listing, RepositoryPlan, Seen
from image_matrix.pruning.report import as_json, freed_words
from tests.laws import examples
from tests.pruning.filled import Filled
from tests.pruning.test_observe import planned
from tests.registry.test_upload import client
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from image_matrix.pruning.model import RepositoryBlobs

OLD, NEW, INDEX = "old", "new", "index"


def seen(name: str, *layers: str, children: tuple[str, ...] = ()) -> Seen:
    """A manifest of one byte with layers of 100."""
    return Seen(name, children, blobs={name: 1, **dict.fromkeys(layers, 100)})


def plan(blobs: RepositoryBlobs, name: str = "") -> RepositoryPlan:
    return RepositoryPlan(name, (), (), (), blobs=blobs)


def listing(*manifests: Seen) -> Listing:
    return Listing({}, {one.digest: one for one in manifests})


def test_layers_that_another_image_needs_stay() -> None:
    both = listing(seen(OLD, "base", "own"), seen(NEW, "base"))
    freed = freed_bytes([plan(blobs_of(both, {OLD}))])
    assert (freed.count, freed.is_exact) == (101, True)


def test_what_several_that_go_share_counts_once_and_what_another_repository_needs_not_at_all() -> None:
    first = plan(blobs_of(listing(seen(OLD, "base", "own"), seen("older", "base")), {OLD, "older"}))
    second = plan(blobs_of(listing(seen(NEW, "own")), set()), "second")
    assert freed_bytes([first]).count == 202
    assert freed_bytes([first, second]).count == 102
    assert freed_bytes([first], [first, second]).count == 102
    assert [one["freed"]["bytes"] for one in as_json([first, second])["repositories"].values()] == [102, 0]


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ((OLD,), "at most 0 kB"),
        ((OLD, "index of old"), "at most 0 kB"),
        (("index of old", "unread of old"), "about 0 kB"),
        (("index of old", "unread of old", INDEX, "unread"), "at least 0 kB"),
    ],
)
def test_what_was_not_read_is_a_bound(gone: tuple[str, ...], words: str) -> None:
    some = listing(
        seen(OLD),
        seen(INDEX, children=("unread",)),
        *([seen("index of old", children=("unread of old",))] if "unread of old" in gone else []),
    )
    assert freed_words(freed_bytes([plan(blobs_of(some, {*gone}))])) == words


NAMES = st.sampled_from("abcdef")
MANIFESTS = st.dictionaries(NAMES, st.sets(st.sampled_from("xyz")), max_size=6)


@settings(max_examples=examples(200))
@given(MANIFESTS, st.sets(NAMES))
def test_bytes_are_what_a_registry_has_less_afterwards(
    manifests: dict[str, set[str]], gone: set[str]
) -> None:
    every = listing(*(seen(name, *layers) for name, layers in manifests.items()))

    def stored(names: set[str]) -> int:
        return len(names) + 100 * len({layer for name in names for layer in manifests[name]})

    freed = freed_bytes([plan(blobs_of(every, gone))])
    assert freed.count == stored({*manifests}) - stored({*manifests} - gone)
    assert freed.is_exact


def test_a_manifest_needs_itself_its_configuration_and_its_layers() -> None:
    content = json.dumps(
        {
            "config": {"digest": "c", "size": 2},
            "layers": [{"digest": "l", "size": 3}, {"digest": "l", "size": 3}],
        }
    ).encode()
    assert read_seen("m", content).blobs == {"m": len(content), "c": 2, "l": 3}
    listed = [
        {"digest": "i", "size": 5, "mediaType": "application/vnd.oci.image.manifest.v1+json"},
        {"digest": "b", "size": 7, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"},
    ]
    content = json.dumps({"manifests": listed}).encode()
    assert read_seen("m", content).blobs == {"m": len(content), "b": 7}


@pytest.mark.parametrize("lists", [True, False], ids=["referrers", "a tag"])
def test_packages_go_with_their_image_and_count(lists: bool) -> None:
    with serving(Behaviour(lists_referrers=lists)) as server:
        filled = Filled(server)
        old = filled.image("old", "default-000000000001-amd64")
        before = planned(filled)
        attach_packages(client(), f"{filled.repository}@{old}", PackagesByLayer())
        after = planned(filled)
        assert {one.kind for one in after.delete} == {"old key", "signature"}
        assert after.count == {True: 2, False: 3}[lists]
        size = sum(len(one) for one in (*server.blobs.values(), *server.manifests.values()))
        freed = freed_bytes([after])
        assert size >= freed.count > freed_bytes([before]).count
        # the artifact is read where the registry lists it; the list in a tag only names it
        assert (freed.count == size, freed.is_exact, freed.is_at_least) == (lists, lists, True)
