"""Versions of packages on GitHub: listed page by page, deleted one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.prune_stores import by_github
from image_matrix.errors import Failure
from image_matrix.github.api import branch_pull_requests, open_api
from image_matrix.github.packages import Protected, delete_version, of_server, package_path, versions
from image_matrix.pruning.observe import completed
from image_matrix.pruning.perform import delete_all
from image_matrix.pruning.plan import make_plan
from image_matrix.registry.repositories import Inaccessible
from tests.github.package_server import Behaviour, packages_of
from tests.pruning.filled import Filled
from tests.pruning.test_observe import NEEDS, NOW
from tests.registry.test_upload import client
from tests.registry.writable import serving

if TYPE_CHECKING:
    from image_matrix.cli.prune_stores import Store
    from image_matrix.github.api import Api
    from image_matrix.pruning.perform import DeletionOutcome
    from tests.github.package_server import Packages

pytestmark = pytest.mark.slow
KEY = "000000000001"
MANY = (400, "Publicly visible package versions with more than 5000 downloads cannot be deleted.")


def api_of(server: Packages) -> Api:
    return of_server(open_api(server.url, "team/notebooks", "t0ken"))


def pruned(filled: Filled, store: Store) -> DeletionOutcome:
    """Delete what nothing needs."""
    plan = make_plan(filled.repository, store.listing(filled.repository), NEEDS, NOW)
    return delete_all(plan.delete, store.deletion(filled.repository))


def test_a_package_below_an_owner_is_one_word_of_the_path() -> None:
    with serving() as registry, packages_of(registry) as server:
        assert package_path(api_of(server), "ghcr.io/team/a/b") == "/orgs/team/packages/container/a%2Fb"
        server.behaviour.owner = "User"
        assert package_path(api_of(server), "ghcr.io/team/a") == "/users/team/packages/container/a"


def test_every_page_is_listed_once() -> None:
    with serving() as registry, packages_of(registry) as server:
        filled = Filled(registry)
        for number in range(250):
            filled.image(f"{number}", f"t{number}")
        assert len(versions(api_of(server), "/orgs/team/packages/container/base")) == 250
        assert len(server.requests) == 3
        assert versions(api_of(server), "/orgs/team/packages/container/none") == []


def test_what_the_registry_cannot_delete_goes_by_the_api() -> None:
    """Overwritten caches and builds have no tag, and go, too; what a kept index lists stays."""
    with serving() as registry, packages_of(registry) as server:
        filled, store = Filled(registry), by_github(client(), api_of(server))
        filled.build("default-000000000001-amd64")
        kept = filled.build("default-000000000002-amd64")
        filled.cache("cache-default-amd64")
        filled.cache("cache-default-amd64", created="2021-01-01T00:00:00Z")
        unknown = filled.image("somebody's")
        tags = dict.fromkeys(("default-000000000002-amd64", "cache-default-amd64"), "a key")
        needs = replace(NEEDS, tags=tags)
        name = filled.repository
        listing = completed(client(), name, store.listing(name), needs)
        plan = make_plan(name, listing, needs, NOW)
        assert sorted(one.kind for one in plan.delete) == ["cache", "old key"]
        assert [one.digest for one in plan.unexplained] == [unknown]
        outcome = delete_all(plan.delete, store.deletion(name))
        assert (outcome.deleted, outcome.failed) == (4, {})
        parts = {
            one["digest"] for one in json.loads(registry.manifests[f"{filled.name}@{kept}"])["manifests"]
        }
        cache = registry.tags[f"{filled.name}:cache-default-amd64"]
        assert filled.digests() == {kept, *parts, cache, unknown}


def test_the_last_version_of_a_package_is_named_and_no_failure() -> None:
    with serving() as registry, packages_of(registry) as server:
        filled, store = Filled(registry), by_github(client(), api_of(server))
        filled.build("default-000000000001-amd64")
        outcome = pruned(filled, store)
        assert outcome.failed == {}
        assert "You must delete the package instead" in next(iter(outcome.protected.values()))
        assert len(filled.tags()) == 1  # all but the last one are gone


def test_many_downloads_protect_a_version() -> None:
    with (
        serving() as registry,
        packages_of(registry, Behaviour(refused={"DELETE": MANY})) as server,
        pytest.raises(Protected, match="more than 5000 downloads"),
    ):
        delete_version(api_of(server), "/orgs/team/packages/container/base", 1)


def test_an_index_with_many_downloads_keeps_what_it_lists_and_its_signature() -> None:
    with serving() as registry, packages_of(registry) as server:
        filled, store = Filled(registry), by_github(client(), api_of(server))
        parts = [filled.image(arch, f"default-{KEY}-{arch}") for arch in ("amd64", "arm64")]
        parts.append(filled.image("attestation"))
        index = filled.index(parts, f"default-{KEY}", annotations={"image-matrix.key": KEY})
        signature, other = filled.sign(index), filled.build("default-000000000002-amd64")
        server.behaviour.popular = {index: MANY}
        for _ in range(3):
            outcome = pruned(filled, store)
            assert (outcome.failed, {*outcome.protected}) == ({}, {index})
            assert filled.digests() == {index, *parts, signature}
        assert other not in filled.digests()


def test_a_token_that_may_not_delete() -> None:
    denied = (403, "Resource not accessible by integration")
    with serving() as registry, packages_of(registry, Behaviour(refused={"DELETE": denied})) as server:
        with pytest.raises(Failure, match="not accessible") as failure:
            delete_version(api_of(server), "/orgs/team/packages/container/base", 1)
        assert "the role Admin" in failure.value.help


def test_a_version_that_is_still_there_is_not_deleted() -> None:
    """GitHub answers 404 to a token without the rights, as for what does not exist."""
    hidden = (404, "Not Found")
    with serving() as registry, packages_of(registry, Behaviour(refused={"DELETE": hidden})) as server:
        filled, store = Filled(registry), by_github(client(), api_of(server))
        build = filled.build("default-000000000001-amd64")
        outcome = pruned(filled, store)
        assert (outcome.deleted, {*outcome.failed}) == (0, {build})
        with pytest.raises(Failure, match="HTTP 404: Not Found") as failure:
            delete_version(
                api_of(server), "/orgs/team/packages/container/base", server.ids[f"team/base@{build}"]
            )
        assert "the role Admin" in failure.value.help
        server.behaviour.refused["GET"] = (403, "Resource not accessible by integration")
        with pytest.raises(Failure, match="HTTP 404"):
            delete_version(api_of(server), "/orgs/team/packages/container/base", 1)


def test_a_package_that_the_token_may_not_know_of_is_no_empty_one() -> None:
    hidden = (404, "Package not found.")
    with serving() as registry, packages_of(registry, Behaviour(refused={"GET": hidden})) as server:
        filled, store = Filled(registry), by_github(client(), api_of(server))
        assert store.listing(filled.repository).tags == {}
        filled.build("default-000000000001-amd64")
        with pytest.raises(Inaccessible, match="lists nothing, and the registry has 2 tags") as failure:
            store.listing(filled.repository)
        assert "the role Admin" in failure.value.help


def test_what_github_does_not_list_is_deleted_if_the_registry_does_not_have_it() -> None:
    """An index may list images that are gone; what was pushed a moment ago is not."""
    with serving() as registry, packages_of(registry) as server:
        filled, store = Filled(registry), by_github(client(), api_of(server))
        filled.build("default-000000000001-amd64")
        store.listing(filled.repository)
        deletion, pushed = store.deletion(filled.repository), filled.image("later", "later")
        deletion.delete(f"sha256:{'1' * 64}", ())
        with pytest.raises(Failure, match="GitHub lists no version of it"):
            deletion.delete(pushed, ())


def test_a_token_that_may_not_list_is_no_empty_package() -> None:
    denied = (403, "You need at least read:packages scope to list package versions.")
    with serving() as registry, packages_of(registry, Behaviour(refused={"GET": denied})) as server:
        with pytest.raises(Failure, match="read:packages") as failure:
            versions(api_of(server), "/orgs/team/packages/container/base")
        assert "delete:packages" in failure.value.help


def test_a_version_that_is_gone_is_deleted() -> None:
    with serving() as registry, packages_of(registry) as server:
        delete_version(api_of(server), "/orgs/team/packages/container/base", 1)


def test_pull_requests_of_forks_have_no_images_here() -> None:
    base = {"repo": {"full_name": "team/notebooks"}}
    heads: list[dict[str, Any]] = [base, {"repo": {"full_name": "other/notebooks"}}, {"repo": None}]
    pulls = [
        {"number": number, "head": {"sha": f"{number}" * 40, **head}, "base": base}
        for number, head in enumerate(heads, 7)
    ]
    with serving() as registry, packages_of(registry, Behaviour(pulls=pulls)) as server:
        assert branch_pull_requests(open_api(server.url, "team/notebooks", "t0ken")) == {7: "7" * 40}
