"""What a release holds back: variants that are not ready, what stands on them, and the choices that need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.profiles.offer import released_offers
from image_matrix.publish.held_back import (
    BY_HAND,
    advice_by_hand,
    held_back,
    kept_entries,
    not_offered,
    not_ready,
    refuse_to_lose_a_site,
    refuse_to_release_nothing,
)
from image_matrix.registry.answers import Manifest
from tests.publish.states import DIGEST, INDEX, STATE, answering, held_digest, state
from tests.workflow.matrices import ONE_PLATFORM, matrix

if TYPE_CHECKING:
    from image_matrix.planning.plan import State

VARIANTS = STATE.loaded.variants
LEGS = [(item.id, platform) for item in VARIANTS.values() for platform in item.platforms]
ARM, AMD = "linux/arm64", "linux/amd64"


def parts() -> dict[Any, Any]:
    return {leg: Manifest(DIGEST, "index", {leg[1]: DIGEST}) for leg in LEGS}


def test_a_platform_that_is_missing_is_not_ready() -> None:
    assert not_ready(VARIANTS, parts()) == {}
    missing = {**parts(), ("base:python3.11", ARM): None}
    assert not_ready(VARIANTS, missing) == {("base:python3.11", ARM): "not built and tested"}


def test_an_image_of_another_platform_is_not_ready_and_says_how_to_build_it() -> None:
    other = {**parts(), ("base:python3.11", ARM): Manifest(DIGEST, "index", {AMD: DIGEST})}
    ((leg, reason),) = not_ready(VARIANTS, other).items()
    assert leg == ("base:python3.11", ARM)
    assert reason == (
        "its image is for linux/amd64; build it again: "
        "`image-matrix build --push --force --platform linux/arm64 base:python3.11`"
    )


def test_what_is_not_published_holds_nothing_back() -> None:
    hidden = state(matrix({"base": {"from": "debian", "publish": False}, "leaf": {"from": "base"}}))
    variants = hidden.loaded.variants
    gone = dict.fromkeys((item.id, platform) for item in variants.values() for platform in item.platforms)
    assert {name for name, _ in not_ready(variants, gone)} == {"leaf:default"}


def test_what_stands_on_it_is_held_back_and_nothing_else() -> None:
    held = held_back(VARIANTS, {("base:python3.11", ARM): "not built and tested"})
    assert held == {
        "base:python3.11": "linux/arm64: not built and tested",
        "leaf:python3.11": "stands on base:python3.11",
    }
    assert held_back(VARIANTS, {}) == {}
    leaf = held_back(VARIANTS, {("leaf:python3.13", AMD): "not scanned: no attestation"})
    assert leaf == {"leaf:python3.13": "linux/amd64: not scanned: no attestation"}


def test_a_variant_has_the_reasons_of_all_its_platforms() -> None:
    held = held_back(VARIANTS, {("base:python3.13", AMD): "a", ("base:python3.13", ARM): "b"})
    assert held["base:python3.13"] == "linux/amd64: a; linux/arm64: b"


def test_nothing_to_release_is_a_failure() -> None:
    refuse_to_release_nothing({"base:python3.11": "x"}, ["base:python3.13"], "")
    refuse_to_release_nothing({}, [], "")
    with pytest.raises(Failure, match=r"^nothing was released: base:python3\.11 \(x\)$"):
        refuse_to_release_nothing({"base:python3.11": "x"}, [], "")


VERIFIED = "`image-matrix verify --platform linux/amd64 base:python3.13 leaf:python3.13` has tested"
SIGNED = f"`image-matrix accept --platform linux/amd64 base:python3.13 leaf:python3.13` signs what {VERIFIED}"
SCANNED = "`image-matrix scan --platform linux/arm64 --result scanned.json base:python3.13` has scanned"
ATTESTED = f"`image-matrix ci attest --platform linux/arm64 scanned.json` attests what {SCANNED}"


@pytest.mark.parametrize(
    ("reasons", "advice"),
    [
        (["not built and tested"], BY_HAND),
        (["its image is for linux/s390x; build it again"], BY_HAND),
        (["not tested: it has no valid signature", "not tested: it has none"], SIGNED),
        (["not built and tested", "", "not scanned: it has none"], f"{BY_HAND}; {ATTESTED}"),
        (["not tested: a", "not tested: b", "not scanned: c"], f"{SIGNED}; {ATTESTED}"),
    ],
)
def test_the_commands_of_a_project_without_a_workflow(reasons: list[str], advice: str) -> None:
    legs = (("base:python3.13", AMD), ("leaf:python3.13", AMD), ("base:python3.13", ARM))
    held = {leg: reason for leg, reason in zip(legs, reasons, strict=False) if reason}
    with pytest.raises(Failure, match=r"^nothing was released") as failure:
        refuse_to_release_nothing({"base:python3.13": "x"}, [], advice_by_hand(held))
    assert failure.value.help == advice


HELD = held_digest(INDEX)
ENTRY = {"reference": f"ghcr.io/example/notebooks/base:python3.11-0123456789ab@{HELD}", "digest": HELD}


def test_an_entry_is_kept_while_the_registry_has_its_image() -> None:
    offered = {"base:python3.11": ENTRY}
    registry = answering({f"base/manifests/{HELD}": INDEX})
    assert kept_entries(["base:python3.11", "leaf:python3.11"], offered, registry) == offered
    assert kept_entries(["base:python3.11"], offered, answering({})) == {}
    with pytest.raises(EnvironmentFailure):
        kept_entries(["base:python3.11"], offered, answering({}, {f"base/manifests/{HELD}": 500}))


NOTEBOOK = {
    "from": "base",
    "kind": "jupyter",
    "contract": "notebook",
    "pip": ["jupyterlab==4.6.6", "jupyterhub==5.5.0"],
}


def offering(**profiles: Any) -> State:
    sizes = {"small": {"display_name": "Small", "cpu": {"limit": 1}, "memory": {"limit": "1Gi"}}}
    return state(
        matrix(
            {
                "base": {"from": "debian", "kind": "base", "pip": ["uv==0.13.8"]},
                "lab": {**NOTEBOOK, "axes": ["stack"]},
                "tool": NOTEBOOK,
            },
            axes={"stack": ["new", "old"]},
            defaults=ONE_PLATFORM,
            sizes=sizes,
            profiles={
                name: {"display_name": name.title(), "sizes": ["small"], **item}
                for name, item in profiles.items()
            },
        )
    )


LISTS = offering(
    work={"images": ["lab", "tool"], "axes": {"stack": ["new", "old"]}},
    tools={"images": ["tool"], "default": True},
)


def keys(where: State, released: set[str]) -> dict[str, list[str]]:
    loaded = where.loaded
    return {
        offer.slug: [choice.key for choice in offer.images]
        for offer in released_offers(loaded.matrix, loaded.variants, released)
    }


def test_a_choice_that_was_never_released_is_left_out() -> None:
    every = set(LISTS.loaded.variants)
    assert keys(LISTS, every) == {"work": ["lab", "lab-old", "tool"], "tools": ["tool"]}
    assert keys(LISTS, every - {"lab:old"})["work"] == ["lab", "tool"]
    assert keys(LISTS, {"lab:old"}) == {"work": ["lab"]}, "the first that is released has the image's key"


def test_another_profile_is_preselected_where_the_usual_one_is_left_out() -> None:
    loaded = LISTS.loaded
    (offer,) = released_offers(loaded.matrix, loaded.variants, {"lab:new"})
    assert (offer.slug, offer.default) == ("work", True)


def test_what_waits_for_its_first_release_is_named() -> None:
    loaded = LISTS.loaded
    assert [*not_offered(loaded.matrix, loaded.variants, set(loaded.variants))] == []
    assert [*not_offered(loaded.matrix, loaded.variants, {"lab:new"})] == [
        "profile `work` of `hub` does not offer `lab:old`, which has never been released",
        "profile `work` of `hub` does not offer `tool:default`, which has never been released",
        "profile `tools` of `hub` is left out: none of its images has been released",
    ]


def test_a_site_keeps_its_last_release_rather_than_no_profile() -> None:
    refuse_to_lose_a_site(LISTS, {"tool:default"}, ["hub"])
    refuse_to_lose_a_site(LISTS, set(), ["another"])
    with pytest.raises(Failure, match="no profile of `hub` has an image that is released"):
        refuse_to_lose_a_site(LISTS, set(), ["hub"])
