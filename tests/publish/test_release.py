from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.release import Ignored, Release, Scanning, Signing
from image_matrix.errors import Failure
from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys
from image_matrix.planning.plan import State
from image_matrix.project.render import render_all
from image_matrix.publish.release import (
    DIGESTS,
    POLICY,
    changed_images,
    deploy_files,
    entries_of,
    message,
    moving_tags,
    origin,
    policy_of,
    read_entries,
    refuse_to_offer_nothing,
    released,
    required,
    rolled_back,
    source_of,
    summary,
)
from image_matrix.publish.signing import sign_command
from image_matrix.registry.answers import Manifest
from image_matrix.registry.client import Registry, World
from image_matrix.registry.http import Request, Response
from tests.workflow.matrices import TEMPLATES, loaded, matrix

if TYPE_CHECKING:
    from collections.abc import Mapping

SAID = matrix(
    {
        "base": {"from": "debian", "axes": ["python"]},
        "leaf": {"from": "base", "platforms": ["linux/amd64"]},
    },
    axes={"python": ["3.13", "3.11"]},
)
DIGEST = "sha256:" + "1" * 64


def state() -> State:
    found = loaded(SAID)
    files = render_all(found, Pins(), TEMPLATES)
    return State(found, Pins(), TEMPLATES, files, compute_keys(found.variants, files))


STATE = state()
LEGS = [(item.id, platform) for item in STATE.loaded.variants.values() for platform in item.platforms]


def part(platform: str) -> Manifest:
    return Manifest(DIGEST, "index", {platform: f"sha256:{platform[-1] * 64}"})


def test_a_release_is_all_platforms_of_all_variants() -> None:
    indexes = required(STATE, {leg: part(leg[1]) for leg in LEGS})
    assert [len(index.parts) for index in indexes] == [2, 2, 1, 1]
    assert indexes[0].sources == ["ghcr.io/example/notebooks/base@" + DIGEST] * 2
    assert indexes[0].reference.startswith("ghcr.io/example/notebooks/base:python3.13-")


def test_a_missing_platform_stops_everything() -> None:
    parts = {leg: part(leg[1]) for leg in LEGS}
    missing = ("base:python3.11", "linux/arm64")
    with pytest.raises(Failure, match=r"base:python3\.11 \(linux/arm64\)"):
        required(STATE, {leg: None if leg == missing else found for leg, found in parts.items()})


def test_an_index_that_lacks_a_platform_is_made_anew() -> None:
    index = required(STATE, {leg: part(leg[1]) for leg in LEGS})[0]
    whole = {platform: f"sha256:{platform[-1] * 64}" for platform in ("linux/amd64", "linux/arm64")}
    said = {POLICY: index.policy}
    assert index.is_released_as(Manifest(DIGEST, "index", whole, said))
    assert not index.is_released_as(Manifest(DIGEST, "index", {"linux/amd64": whole["linux/amd64"]}, said))
    other = {**whole, "linux/arm64": "sha256:" + "0" * 64}
    assert not index.is_released_as(Manifest(DIGEST, "index", other, said))
    assert not index.is_released_as(Manifest(DIGEST, "index", whole))


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


def answering(held: Mapping[str, Any]) -> Registry:
    """A registry that has these manifests by path (``base/manifests/TAG``)."""

    def send(request: Request) -> Response:
        path = request.url.partition("/v2/example/notebooks/")[2]
        body = json.dumps(held[path]).encode() if path in held else b"{}"
        return Response(200 if path in held else 404, {}, body)

    return Registry(World(send, lambda _host: None))


def index_of(*platforms: str, made: int = 1) -> dict[str, Any]:
    entries = [
        {"digest": f"sha256:{platform[-1] * 63}{made}", "platform": {"os": "linux", "architecture": platform}}
        for platform in platforms
    ]
    said = {POLICY: policy_of(STATE.loaded.matrix.release)}
    return {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries, "annotations": said}


def everything() -> dict[str, Any]:
    """All images with their indexes."""
    held = {}
    for item in STATE.loaded.variants.values():
        keys, archs = STATE.keys[item.id], [platform.rpartition("/")[2] for platform in item.platforms]
        held[f"{item.image}/manifests/{keys.tag}"] = index_of(*archs)
        held |= {
            f"{item.image}/manifests/{keys.platform_tag(platform)}": index_of(arch)
            for platform, arch in zip(item.platforms, archs, strict=True)
        }
    return held


def test_what_is_released_and_what_is_not() -> None:
    item = STATE.loaded.variants["base:python3.13"]
    assert released(STATE, answering({})) == set()
    assert released(STATE, answering(everything())) == set(LEGS)
    rest = {leg for leg in LEGS if leg[0] != item.id}
    arm = f"base/manifests/{STATE.keys[item.id].platform_tag('linux/arm64')}"
    again = {**everything(), arm: index_of("arm64", made=2)}
    assert released(STATE, answering(again)) == rest, (
        "built again under the same key: no index has that image"
    )
    no_index = {
        path: said for path, said in everything().items() if not path.endswith(STATE.keys[item.id].tag)
    }
    assert released(STATE, answering(no_index)) == rest
    assert (
        released(STATE, answering({path: said for path, said in everything().items() if path != arm})) == rest
    )


def test_what_a_runs_summary_says() -> None:
    digests = {f"image-{number}:python3.13": {"digest": DIGEST} for number in range(120)}
    text = summary(list(digests)[:2], digests, "`deploy/` is at abc on `release`.")
    assert "**2 of 120 images have a new digest.** `deploy/` is at abc" in text
    assert f"| `image-1:python3.13` | `{DIGEST}` |" in text
    assert "\n\n… and 20 more\n" in summary(list(digests), digests, "")
    assert "| image |" not in summary([], digests, "")


def test_tags_that_move() -> None:
    tags = moving_tags(STATE)
    assert tags["ghcr.io/example/notebooks/base:latest"] == "base:python3.13"
    assert tags["ghcr.io/example/notebooks/base:python3.11"] == "base:python3.11"
    assert len(tags) == 6


def test_the_digest_file_names_everything() -> None:
    entries = entries_of(STATE, dict.fromkeys(STATE.loaded.variants, DIGEST))
    found = read_entries(deploy_files(STATE, entries)[DIGESTS].content.decode())
    assert found == entries
    assert set(found) == set(STATE.loaded.variants)
    assert all(item["reference"].endswith(f"@{DIGEST}") for item in found.values())
    assert changed_images(found, entries) == []
    other = {**entries["leaf:python3.13"], "digest": "other"}
    assert changed_images(found, {**entries, "leaf:python3.13": other}) == ["leaf:python3.13"]


@pytest.mark.parametrize("before", [None, "", "not json", "[]", '{"images": []}', '{"images": {"a": 1}}'])
def test_a_last_release_that_cannot_be_read_counts_as_none(before: str | None) -> None:
    assert read_entries(before) == {}


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


def test_a_message_knows_its_source() -> None:
    text = message(["base:python3.13"], 4, "c" * 40)
    assert text.startswith("Release 1 of 4 images\n")
    assert source_of(text) == "c" * 40
    assert source_of("Reverted by hand") is None


def test_where_an_index_comes_from() -> None:
    said = {"GITHUB_SHA": "abc", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/r"}
    index = required(STATE, {leg: part(leg[1]) for leg in LEGS})[0]
    assert "index:org.opencontainers.image.revision=abc" in origin(said, "2026-01-01T00:00:00+00:00", index)
    assert origin({}, "2026-01-01T00:00:00+00:00", index)[1:] == [
        "index:org.opencontainers.image.version=python3.13",
        f"index:{POLICY}={index.policy}",
    ]


def test_who_signs() -> None:
    image = f"ghcr.io/x@{DIGEST}"
    assert sign_command(Signing("none"), image) is None
    assert "--key" not in (sign_command(Signing(), image) or [])
    keyed = sign_command(Signing(key="awskms:///alias/x", public_log=False), image) or []
    assert keyed[-3:] == ["--use-signing-config=false", "--tlog-upload=false", image]
    assert keyed[keyed.index("--key") + 1] == "awskms:///alias/x"
    plugged = sign_command(Signing("notation", key="arn:x", plugin="com.example"), image) or []
    assert plugged[:2] == ["notation", "sign"]
    assert plugged[-1] == image


def test_a_branch_with_profiles_is_not_replaced_by_one_without() -> None:
    refuse_to_offer_nothing(STATE, "release", "")
    with pytest.raises(Failure, match="no profiles any more") as caught:
        refuse_to_offer_nothing(STATE, "release", "kind: WorkspaceKind\n")
    assert caught.value.exit_code == 1
    assert "put `profiles:` back" in caught.value.help
