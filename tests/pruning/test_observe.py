"""A repository as it is read over real HTTP, planned and emptied."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.prune_stores import by_itself
from image_matrix.pruning.manifests import read_seen
from image_matrix.pruning.model import RepositoryNeeds, Seen
from image_matrix.pruning.observe import by_tags, completed, dated
from image_matrix.pruning.perform import delete_all
from image_matrix.pruning.plan import make_plan
from image_matrix.pruning.tag_forms import left_tag
from image_matrix.registry.upload import IMAGE_MANIFEST
from tests.pruning.filled import CONFIG, IN_2020, Filled
from tests.registry.test_upload import client
from tests.registry.writable import Behaviour, serving

if TYPE_CHECKING:
    from image_matrix.pruning.model import RepositoryPlan

NOW = datetime(2026, 11, 29, tzinfo=UTC)
NEEDS = RepositoryNeeds("images", labels=frozenset({"default"}))


def planned(filled: Filled, needs: RepositoryNeeds = NEEDS) -> RepositoryPlan:
    registry, name = client(), filled.repository
    listing = completed(registry, name, by_tags(registry, name), needs)
    listing = dated(registry, name, listing, make_plan(name, listing, needs, None))
    return make_plan(name, listing, needs, NOW)


def test_dates_come_from_what_is_built() -> None:
    with serving() as server:
        filled = Filled(server)
        filled.build("default-000000000001-amd64")
        filled.build("default-000000000002-amd64", created="2026-11-29T12:00:00Z")
        filled.build("default-000000000003-amd64", created="1970-01-01T00:00:00Z")
        filled.cache("cache-gone-amd64")
        filled.cache("cache-new-amd64", created="2026-11-30T12:00:00+00:00")
        plan = planned(filled)
        assert [one.name for one in plan.delete] == ["cache-gone-amd64", "default-000000000001-amd64"]
        assert [one.name for one in plan.keep] == ["cache-new-amd64", "default-000000000002-amd64"]
        assert [one.reason for one in plan.unexplained] == ["its age is not known"]


def test_what_is_deleted_is_deleted_whole() -> None:
    with serving() as server:
        filled = Filled(server)
        old, new = (filled.build(f"default-00000000000{number}-amd64") for number in (1, 2))
        filled.sign(old)
        filled.sign(new)
        filled.image("somebody's", "mine")
        needs = replace(NEEDS, tags={"default-000000000002-amd64": "a key"})
        plan = planned(filled, needs)
        outcome = delete_all(plan.delete, by_itself(client()).deletion(filled.repository))
        assert (outcome.deleted, outcome.failed) == (plan.count, {})
        assert old not in filled.digests()
        assert len(filled.digests()) == 5
        assert len(filled.tags()) == 4


def test_an_image_may_name_its_configuration_by_another_algorithm() -> None:
    config = json.dumps({"created": IN_2020}).encode()
    digest = f"sha512:{hashlib.sha512(config).hexdigest()}"
    with serving() as server:
        filled = Filled(server)
        server.blobs[f"{filled.name}@{digest}"] = config
        named = {"mediaType": CONFIG, "digest": digest, "size": len(config)}
        filled.manifest(
            {"mediaType": IMAGE_MANIFEST, "config": named, "layers": []}, "default-000000000001-amd64"
        )
        assert [one.name for one in planned(filled).delete] == ["default-000000000001-amd64"]


def test_a_manifest_of_another_form_stays() -> None:
    """`1e999` is a number of JSON, and an infinite one of Python."""
    layer = '{"digest": "sha256:1", "size": 1e999}'
    content = f'{{"mediaType": "{IMAGE_MANIFEST}", "layers": [{layer}]}}'.encode()
    assert read_seen("sha256:0", content) == Seen("sha256:0")


def test_referrers_go_with_their_image() -> None:
    with serving(Behaviour(lists_referrers=True)) as server:
        filled = Filled(server)
        old = filled.build("default-000000000001-amd64")
        filled.image("report", subject={"digest": old})
        plan = planned(filled)
        delete_all(plan.delete, by_itself(client()).deletion(filled.repository))
        assert filled.digests() == set()


def test_an_index_without_its_images_goes() -> None:
    with serving() as server:
        filled = Filled(server)
        lost = [f"sha256:{digit * 64}" for digit in "12"]
        filled.index(lost, "default-000000000001-amd64")
        assert [one.name for one in planned(filled).delete] == ["default-000000000001-amd64"]


def test_what_releases_name_without_a_tag_is_read() -> None:
    with serving() as server:
        filled = Filled(server)
        image = filled.image("released")
        named = filled.index([image])
        filled.sign(image)
        gone = f"sha256:{'3' * 64}"
        digests = dict.fromkeys((named, gone), "release 1")
        plan = planned(filled, replace(NEEDS, digests=digests, named=frozenset(digests)))
        assert plan.delete == ()
        assert plan.missing == (gone,)
        assert {one.reason for one in plan.keep} == {"release 1", "the image that it is attached to stays"}


@pytest.mark.slow
def test_two_thousand_tags_take_one_listing_and_each_manifest_once() -> None:
    with serving() as server:
        filled = Filled(server)
        for number in range(500):
            filled.sign(filled.build(f"default-{number:012x}-amd64"))
            filled.image(f"{number}", f"mine-{number}")
        assert len(filled.tags()) == 2000
        plan = planned(filled)
        requests = Counter(server.requests)
        assert requests.pop(f"GET /v2/{filled.name}/tags/list") == 1
        tags = [one for one in requests if "/manifests/" in one and "sha256:" not in one]
        assert set(Counter(requests[one] for one in tags)) == {1}
        assert len(tags) == 2000
        assert len(plan.delete) == 1000
        assert plan.count == 2000
        assert len(plan.unexplained) == 500


def test_an_interrupted_prune_marks_what_it_would_lose() -> None:
    with serving() as server:
        filled = Filled(server)
        filled.build("default-000000000001-amd64")
        deletion = by_itself(client()).deletion(filled.repository)
        one = planned(filled).delete[0]
        for part in one.parts:
            deletion.mark(part)
        deletion.delete(one.digest, one.tags)
        assert filled.tags() == {left_tag(part) for part in one.parts}
        assert {gone.kind for gone in planned(filled).delete} == {"left over"}


def test_a_referrer_is_found_again_when_the_prune_ends_after_its_image() -> None:
    """It has no tag of its own, and nobody asks for what is attached to an image that is gone."""
    with serving(Behaviour(lists_referrers=True)) as server:
        filled = Filled(server)
        old = filled.build("default-000000000001-amd64")
        report = filled.image("report", subject={"digest": old})
        delete = planned(filled).delete
        assert [one.digest for one in delete] == [old, report]
        delete_all(delete[:1], by_itself(client()).deletion(filled.repository))
        assert filled.tags() == {left_tag(report)}
        delete_all(planned(filled).delete, by_itself(client()).deletion(filled.repository))
        assert filled.digests() == set()
