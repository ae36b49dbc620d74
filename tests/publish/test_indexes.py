from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.annotations import REVISION
from image_matrix.config.release import Ignored, Release, Scanning, Signing
from image_matrix.errors import EnvironmentFailure
from image_matrix.publish.claims import KEY, POLICY
from image_matrix.publish.indexes import (
    ORIGIN,
    VERSION,
    complete,
    existing,
    origin,
    policy_of,
    released,
)
from image_matrix.publish.release_files import entries_of
from image_matrix.registry.answers import Manifest
from tests.publish.states import DIGEST, STATE, answering, state
from tests.workflow.matrices import matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.publish.signing import Verifier
LEGS = [(item.id, platform) for item in STATE.loaded.variants.values() for platform in item.platforms]


def part(platform: str) -> Manifest:
    image, attestation = digest_of(platform), digest_of(f"attestation of {platform}")
    return Manifest(DIGEST, "index", {platform: image}, {}, (image, attestation))


def digest_of(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def nothing_said(_: str) -> None:
    """Nobody listens."""


def test_a_release_is_all_platforms_of_all_variants() -> None:
    indexes = complete(STATE, {leg: part(leg[1]) for leg in LEGS})
    assert [len(index.parts) for index in indexes] == [2, 2, 1, 1]
    assert indexes[0].sources == ["ghcr.io/example/notebooks/base@" + DIGEST] * 2
    assert indexes[0].reference.startswith("ghcr.io/example/notebooks/base:python3.13-")


HIDDEN = state(matrix({"base": {"from": "debian", "publish": False}, "leaf": {"from": "base"}}))


def test_what_is_not_published_has_no_index_and_is_not_missed() -> None:
    legs = [("base:default", "linux/amd64"), ("base:default", "linux/arm64")]
    leaf = {("leaf:default", platform): part(platform) for _, platform in legs}
    indexes = complete(HIDDEN, {**dict.fromkeys(legs), **leaf})
    assert [index.variant.id for index in indexes] == ["leaf:default"]
    every = {**{leg: part(leg[1]) for leg in legs}, **leaf}
    assert [index.variant.id for index in complete(HIDDEN, every)] == ["leaf:default"]
    assert list(entries_of(HIDDEN, {"leaf:default": DIGEST})) == ["leaf:default"]


OTHER = "sha256:" + "0" * 64
CONTENT: dict[str, tuple[Callable[[Manifest], Manifest], bool]] = {
    "the same": (lambda index: index, True),
    "another day, run and repository": (
        lambda index: replace(index, annotations={**index.annotations, **dict.fromkeys(ORIGIN, "x")}),
        True,
    ),
    "a platform less": (lambda index: replace(index, platforms=dict([*index.platforms.items()][:1])), False),
    "another image": (
        lambda index: replace(index, platforms={**index.platforms, "linux/arm64": OTHER}),
        False,
    ),
    "one image more": (lambda index: replace(index, entries=(OTHER, *index.entries)), False),
    "an attestation less": (lambda index: replace(index, entries=index.entries[:-1]), False),
    "no annotation": (lambda index: replace(index, annotations={}), False),
    "another policy": (lambda index: replace(index, annotations={**index.annotations, POLICY: "x"}), False),
    "another key": (lambda index: replace(index, annotations={**index.annotations, KEY: "x"}), False),
    "another annotation": (lambda index: replace(index, annotations={**index.annotations, "x": "y"}), False),
}


@pytest.mark.parametrize("case", CONTENT)
def test_what_an_index_has_to_be(case: str) -> None:
    change, same = CONTENT[case]
    index = complete(STATE, {leg: part(leg[1]) for leg in LEGS})[0]
    platforms = {
        platform: digest for item in index.parts.values() for platform, digest in item.platforms.items()
    }
    entries = tuple(entry for item in index.parts.values() for entry in item.entries)
    manifest = Manifest(DIGEST, "index", platforms, index.annotations, entries)
    assert index.has_the_content_of(change(manifest)) is same


def test_an_image_without_attestations_is_an_entry_itself() -> None:
    """Its tag points to a manifest, which names no platforms."""
    plain = {leg: Manifest(digest_of(leg[1]), "manifest") for leg in LEGS}
    index = complete(STATE, plain)[0]
    platforms = {platform: digest_of(platform) for platform in index.parts}
    manifest = Manifest(DIGEST, "index", platforms, index.annotations, tuple(platforms.values()))
    assert index.has_the_content_of(manifest)
    other = {**platforms, "linux/arm64": OTHER}
    assert not index.has_the_content_of(replace(manifest, platforms=other, entries=tuple(other.values())))


@pytest.mark.parametrize(
    ("release", "same"),
    [
        (Release(), True),
        (Release(branch="live"), True),
        (Release(scan=Scanning(ignore=(Ignored("CVE-1", "2099-01-01", "x"),))), True),
        (Release(scan=Scanning(severity="HIGH")), False),
        (Release(scan=Scanning("grype")), False),
        (Release(sign=Signing("none")), False),
        (Release(sign=Signing(key="awskms:///alias/images")), False),
    ],
)
def test_who_signs_and_what_stops_a_release_is_the_policy(release: Release, same: bool) -> None:
    assert (policy_of(release) == policy_of(Release())) is same


def index_of(*platforms: str, made: str = "1", **said: str) -> dict[str, Any]:
    entries = [
        {"digest": digest_of(f"{platform} {made}"), "platform": {"os": "linux", "architecture": platform}}
        for platform in platforms
    ]
    return {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries, "annotations": said}


def said_of(variant: str) -> dict[str, str]:
    item, keys = STATE.loaded.variants[variant], STATE.keys[variant]
    return {VERSION: item.label, KEY: keys.index, POLICY: policy_of(STATE.loaded.matrix.release)}


def everything() -> dict[str, Any]:
    """All images with their indexes."""
    held = {}
    for item in STATE.loaded.variants.values():
        keys, archs = STATE.keys[item.id], [platform.rpartition("/")[2] for platform in item.platforms]
        held[f"{item.image}/manifests/{keys.tag}"] = index_of(*archs, **said_of(item.id))
        held |= {
            f"{item.image}/manifests/{keys.platform_tag(platform)}": index_of(arch)
            for platform, arch in zip(item.platforms, archs, strict=True)
        }
    return held


def legs_released(held: Mapping[str, Any], refusal: Verifier = lambda *_: None) -> set[Any]:
    return released(STATE, answering(held), refusal, nothing_said)


def test_what_is_released_and_what_is_not() -> None:
    item = STATE.loaded.variants["base:python3.13"]
    assert legs_released({}) == set()
    assert legs_released(everything()) == set(LEGS)
    rest = {leg for leg in LEGS if leg[0] != item.id}
    arm = f"base/manifests/{STATE.keys[item.id].platform_tag('linux/arm64')}"
    again = {**everything(), arm: index_of("arm64", made="2")}
    assert legs_released(again) == rest, "built again under the same key: no index has that image"
    no_index = {
        path: said for path, said in everything().items() if not path.endswith(STATE.keys[item.id].tag)
    }
    assert legs_released(no_index) == rest
    assert legs_released({path: said for path, said in everything().items() if path != arm}) == rest


def test_what_nobody_signed_is_not_released_whatever_the_registry_says() -> None:
    asked: dict[str, Mapping[str, str]] = {}
    said: list[str] = []

    def refusal(image: str, claims: Mapping[str, str]) -> str | None:
        asked[image] = claims
        return "it has no valid signature: none" if "/leaf@" in image else None

    assert released(STATE, answering(everything()), refusal, said.append) == {
        leg for leg in LEGS if not leg[0].startswith("leaf:")
    }
    assert len(asked) == 4
    assert all(re.fullmatch(r"ghcr\.io/example/notebooks/\w+@sha256:[0-9a-f]{64}", image) for image in asked)
    assert {claims["image-matrix.step"] for claims in asked.values()} == {"released"}
    assert {claims["image-matrix.variant"] for claims in asked.values()} == {*STATE.loaded.variants}
    tags = {name: STATE.keys[name].tag for name in STATE.loaded.variants if name.startswith("leaf:")}
    assert said == [
        f"ghcr.io/example/notebooks/leaf:{tag}: it has no valid signature: none" for tag in tags.values()
    ]


def test_a_signature_of_something_else_is_not_asked_for() -> None:
    """A signed index of another key, under the tag of this one: its signature is right, and says nothing of this."""
    tag = f"base/manifests/{STATE.keys['base:python3.13'].tag}"
    other = said_of("base:python3.13") | {KEY: STATE.keys["leaf:python3.13"].index}
    held = {**everything(), tag: index_of("amd64", "arm64", **other)}
    assert legs_released(held) == {leg for leg in LEGS if leg[0] != "base:python3.13"}


REFUSALS = {403: "the registry denies access: HTTP 403", 500: "the registry answers HTTP 500"}


@pytest.mark.parametrize("status", REFUSALS)
def test_an_index_that_the_registry_refuses_to_speak_of_is_not_absent(status: int) -> None:
    """Another one would be made and signed in its place, and its images scanned again."""
    registry = answering(everything(), {f"base/manifests/{STATE.keys['base:python3.13'].tag}": status})
    indexes = complete(STATE, {leg: part(leg[1]) for leg in LEGS})
    with pytest.raises(EnvironmentFailure, match=REFUSALS[status]):
        existing(registry, indexes)
    with pytest.raises(EnvironmentFailure, match=REFUSALS[status]):
        released(STATE, registry, lambda *_: None, nothing_said)


def test_an_image_that_the_registry_gives_no_answer_about_is_not_absent() -> None:
    arm = f"base/manifests/{STATE.keys['base:python3.13'].platform_tag('linux/arm64')}"
    with pytest.raises(EnvironmentFailure, match=REFUSALS[500]):
        released(STATE, answering(everything(), {arm: 500}), lambda *_: None, nothing_said)


def test_an_image_of_a_package_that_may_not_exist_is_not_released() -> None:
    """GHCR refuses to speak of a package that does not exist yet."""
    arm = f"base/manifests/{STATE.keys['base:python3.13'].platform_tag('linux/arm64')}"
    registry = answering(everything(), {arm: 403})
    rest = {leg for leg in LEGS if leg[0] != "base:python3.13"}
    assert released(STATE, registry, lambda *_: None, nothing_said) == rest


def test_where_an_index_comes_from() -> None:
    said = {"GITHUB_SHA": "abc", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r"}
    index = complete(STATE, {leg: part(leg[1]) for leg in LEGS})[0]
    now = "2026-01-01T00:00:00+00:00"
    assert origin(said, now, index)[:3] == [
        f"index:org.opencontainers.image.created={now}",
        "index:org.opencontainers.image.revision=abc",
        "index:org.opencontainers.image.source=https://github.com/o/r",
    ]
    assert origin({}, now, index)[1:] == [
        "index:org.opencontainers.image.version=python3.13",
        f"index:{KEY}={STATE.keys['base:python3.13'].index}",
        f"index:{POLICY}={index.policy}",
    ]


def test_an_index_names_the_commit_that_built_it() -> None:
    """The release may be of a later commit, which changed nothing of this image."""
    environment = {"GITHUB_SHA": "b" * 40}
    index = complete(STATE, {leg: part(leg[1]) for leg in LEGS})[0]
    assert f"index:{REVISION}={'b' * 40}" in origin(environment, "now", index)
    parts = {name: replace(item, annotations={REVISION: "a" * 40}) for name, item in index.parts.items()}
    assert f"index:{REVISION}={'a' * 40}" in origin(environment, "now", replace(index, parts=parts))
