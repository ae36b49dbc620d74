"""Where images are on their way, by what a registry and the release branch say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from image_matrix.cli import status as command
from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.attached_packages import PACKAGES_TYPE
from image_matrix.planning.plan import references
from image_matrix.publish.release_files import entries_of
from image_matrix.publish.scan_report import REPORT_TYPE
from image_matrix.publish.signing import PREDICATE
from image_matrix.publish.status import VariantStatus, variant_statuses
from image_matrix.render.lists.released import ScanSummary
from tests.publish.states import MATRIX, STATE, answering, held_digest, state

AMD64, ARM64 = "linux/amd64", "linux/arm64"
BASE, LEAF = "base:python3.13", "leaf:python3.13"
TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def image(size: int) -> dict[str, Any]:
    layer = {"mediaType": f"{TYPE}.tar", "digest": f"sha256:{size:064}", "size": size}
    return {"mediaType": TYPE, "config": {"digest": f"sha256:{1:064}", "size": 2}, "layers": [layer]}


def path(leg: tuple[str, str], suffix: str = "") -> str:
    name, _, tag = references(STATE)[leg].rpartition(":")
    return f"{name.rpartition('/')[2]}/manifests/{tag}{suffix}"


def held(*images: tuple[tuple[str, str], str, int]) -> dict[str, Any]:
    """A registry's answers: legs with the suffix of their tags and their sizes, by tag and by digest."""
    answers: dict[str, Any] = {}
    for leg, suffix, size in images:
        content = image(size)
        folder = path(leg).rpartition("/")[0]
        answers |= {path(leg, suffix): content, f"{folder}/{held_digest(content)}": content}
    return answers


def statuses(
    answers: dict[str, Any], entries: dict[str, Any] | None = None, **more: Any
) -> dict[str, VariantStatus]:
    found = variant_statuses(STATE, [*STATE.loaded.variants], answering(answers, **more), entries or {})
    return {one.variant: one for one in found}


def test_how_far_an_image_is_on_each_platform() -> None:
    now = statuses(held(((BASE, AMD64), "", 5), ((BASE, ARM64), "-candidate", 7)))
    assert [(leg.platform, leg.progress, leg.size) for leg in now[BASE].legs] == [
        (AMD64, "tested", 5),
        (ARM64, "built", 7),
    ]
    assert [leg.progress for leg in now[LEAF].legs] == ["absent"]
    assert not any(leg.scanned for one in now.values() for leg in one.legs)


@pytest.mark.parametrize(
    ("below", "entry"),
    [
        ("referrers/{digest}", {"digest": "sha256:1", "artifactType": REPORT_TYPE}),
        ("manifests/{tag}", {"digest": "sha256:1", "artifactType": REPORT_TYPE}),
        (
            "referrers/{digest}",
            {"digest": "sha256:1", "annotations": {"dev.sigstore.bundle.predicateType": PREDICATE}},
        ),
        ("manifests/{tag}.att", None),
    ],
)
def test_an_image_that_was_scanned(below: str, entry: dict[str, Any] | None) -> None:
    answers = held(((LEAF, AMD64), "", 5))
    at = held_digest(image(5))
    listed = {"mediaType": INDEX, "manifests": [entry]} if entry else image(3)
    answers["leaf/" + below.format(digest=at, tag=at.replace(":", "-"))] = listed
    assert statuses(answers)[LEAF].legs[0].scanned is True


def test_an_image_with_the_list_of_its_packages() -> None:
    answers = held(((LEAF, AMD64), "", 5))
    at = held_digest(image(5))
    entry = {"digest": "sha256:1", "artifactType": PACKAGES_TYPE}
    answers[f"leaf/referrers/{at}"] = {"mediaType": INDEX, "manifests": [entry]}
    leg = statuses(answers)[LEAF].legs[0]
    assert (leg.has_packages, leg.scanned) == (True, False)
    assert statuses(held(((LEAF, AMD64), "", 5)))[LEAF].legs[0].has_packages is False


def test_what_else_is_attached_is_no_scan() -> None:
    answers = held(((LEAF, AMD64), "", 5))
    signature = {"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json"}
    answers[f"leaf/referrers/{held_digest(image(5))}"] = {"mediaType": INDEX, "manifests": [signature]}
    assert statuses(answers)[LEAF].legs[0].scanned is False


def released(content: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    entries = entries_of(STATE, {LEAF: held_digest(content)})
    return {LEAF: {**entries[LEAF], **({"key": key} if key else {})}}


def test_what_users_have() -> None:
    old = image(3) | {"annotations": {"org.opencontainers.image.created": "2026-11-29T01:02:03+00:00"}}
    answers = held(((LEAF, AMD64), "", 2_000_000)) | {f"leaf/manifests/{held_digest(old)}": old}
    now = statuses(answers, released(old))[LEAF]
    assert (now.is_current, now.gone) == (True, False)
    assert now.released is not None
    assert (now.released.created[:10], now.released.sizes) == ("2026-11-29", {AMD64: 3})
    before = statuses(answers, released(old, "0" * 64))[LEAF]
    assert not before.is_current
    assert "2 MB (+2 MB)" in command.as_table([before])
    assert "an older one of 2026-11-29" in command.as_table([before])


def test_what_the_last_scan_of_users_image_found() -> None:
    old = image(3)
    now = statuses({f"leaf/manifests/{held_digest(old)}": old}, released(old))[LEAF]
    assert now.released is not None
    for counts, words in (({"CRITICAL": 1, "HIGH": 2}, "1 CRITICAL, 2 HIGH"), ({}, "nothing found")):
        scanned = replace(now, released=replace(now.released, scan=ScanSummary("2026-11-30", counts)))
        assert f"; scanned 2026-11-30: {words}" in command.as_table([scanned])
        (data,) = json.loads(command.as_json([scanned]))
        assert data["released"]["scan"] == {"day": "2026-11-30", "findings": counts, "platforms": {}}
    dateless = replace(now, released=replace(now.released, scan=ScanSummary("")))
    assert "; scanned: nothing found" in command.as_table([dateless])
    assert json.loads(command.as_json([dateless]))[0]["released"]["scan"]["day"] is None


def test_platforms_of_users_image_with_other_findings() -> None:
    old = image(3)
    now = statuses({f"leaf/manifests/{held_digest(old)}": old}, released(old))[LEAF]
    assert now.released is not None
    platforms = {AMD64: {}, "linux/arm64": {"HIGH": 2}, "linux/s390x": None}
    scan = ScanSummary("2026-11-30", {"HIGH": 2}, platforms)
    shown = replace(now, released=replace(now.released, scan=scan))
    words = "; scanned 2026-11-30: 2 HIGH (amd64: nothing found; arm64: 2 HIGH; s390x: not scanned)"
    assert words in command.as_table([shown])
    assert json.loads(command.as_json([shown]))[0]["released"]["scan"]["platforms"] == platforms
    alike = replace(scan, platforms={AMD64: {"HIGH": 2}, "linux/arm64": {"HIGH": 2}})
    shown = replace(now, released=replace(now.released, scan=alike))
    assert "; scanned 2026-11-30: 2 HIGH\n" in command.as_table([shown])


def test_a_released_image_that_the_registry_lost() -> None:
    lost = statuses({}, released(image(3)))[LEAF]
    assert (lost.gone, lost.released) == (True, None)
    shown = command.as_table([lost, replace(lost, is_current=True)])
    assert "an image that the registry no longer has" in shown
    assert shown.endswith("2 variants: 0 tested, 0 released as they are now\n")


def test_a_registry_that_refuses() -> None:
    refused = {path(leg): 403 for leg in references(STATE)} | {
        path(leg, "-candidate"): 403 for leg in references(STATE)
    }
    now = statuses({}, refused=refused)
    assert {leg.progress for one in now.values() for leg in one.legs} == {"unknown"}
    assert "denies access" in now[LEAF].problems[0]
    with pytest.raises(EnvironmentFailure):
        statuses({}, released(image(3)), refused={f"leaf/manifests/{held_digest(image(3))}": 403})


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize("below", ["referrers/{digest}", "manifests/{tag}", "manifests/{tag}.att"])
def test_what_is_attached_may_not_be_known(below: str, status: int) -> None:
    at = held_digest(image(5))
    refused = {"leaf/" + below.format(digest=at, tag=at.replace(":", "-")): status}
    now = statuses(held(((LEAF, AMD64), "", 5)), released(image(5)), refused=refused)[LEAF]
    (leg,) = now.legs
    assert (leg.progress, leg.size, leg.scanned, leg.has_packages) == ("tested", 5, None, None)
    assert "whether it was scanned is not known" in now.problems[0]
    assert "not known" in command.as_table([now])


def test_what_the_last_scan_found_may_not_be_known() -> None:
    old = image(3)
    refused = {f"leaf/referrers/{held_digest(old)}": 503}
    attaching = state({**MATRIX, "release": {"scan": {"tool": "trivy", "attach": True}}})
    registry = answering({f"leaf/manifests/{held_digest(old)}": old}, refused)
    (now,) = variant_statuses(attaching, [LEAF], registry, released(old))
    assert now.released is not None
    assert now.released.scan is None
    assert "what the last scan found is not known" in now.problems[0]


def test_a_clone_without_the_release_branch() -> None:
    unknown = variant_statuses(STATE, [LEAF], answering({}), None)
    assert command.as_table(unknown).endswith(": 0 tested, 0 released as they are now (1 not known)\n")
    assert "nothing yet" in command.as_table(variant_statuses(STATE, [LEAF], answering({}), {}))


def test_what_users_have_of_images_that_were_removed() -> None:
    assert command.removed_variants([LEAF, BASE], [BASE, LEAF]) == ""
    assert command.removed_variants(["old:default", BASE], [BASE, LEAF]).endswith(
        "no longer has: old:default"
    )
    many = command.removed_variants([f"old:{number}" for number in range(5)], [])
    assert many.endswith("no longer has: old:0, old:1, old:2 and 2 more")


def test_platforms_that_differ_are_named() -> None:
    now = statuses(held(((BASE, AMD64), "", 5)))[BASE]
    shown = command.as_table([now, replace(now, publish=False)])
    assert "tested (amd64), not built (arm64)" in shown
    assert "not published" in shown
    assert shown.endswith("2 variants: 0 tested, 0 released as they are now\n")


def test_json_has_every_platform() -> None:
    data = json.loads(command.as_json(statuses(held(((BASE, AMD64), "", 5))).values()))
    base = next(one for one in data if one["image"] == "base" and one["variant"] == "python3.13")
    assert base["platforms"][AMD64]["progress"] == "tested"
    assert base["platforms"][ARM64] == {
        "progress": "absent",
        "digest": None,
        "size": None,
        "scanned": None,
        "packages": None,
    }
    assert base["released"] is None
