from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.findings.model import ScanResult, ScanTarget
from image_matrix.findings.released import (
    PART,
    PARTS,
    complete,
    parts_of,
    results_as_data,
    results_of,
    scan_targets,
)
from image_matrix.findings.report_files import report_name, with_category
from tests.findings.examples import APT, PIP, result, target

ONE: dict[str, Any] = {
    "reference": "127.0.0.1:5000/x/base:tag@sha256:1",
    "digest": "sha256:1",
    "platforms": ["linux/amd64"],
    "key": "k",
}
TWO: dict[str, Any] = {"reference": "ghcr.io/x/lab@sha256:2", "digest": "sha256:2"}


def test_what_branches_offer_once_for_each_digest() -> None:
    older = {**TWO, "digest": "sha256:3"}
    offered = {"": {"base": ONE, "lab": TWO}, "stable": {"base": ONE, "lab": older}}
    found = scan_targets(offered, {"lab": ("linux/amd64", "linux/arm64")})
    assert [(one.name, one.image, one.platform) for one in found] == [
        ("base", "127.0.0.1:5000/x/base@sha256:1", "linux/amd64"),
        ("lab", "ghcr.io/x/lab@sha256:2", "linux/amd64"),
        ("lab (stable)", "ghcr.io/x/lab@sha256:3", "linux/amd64"),
        ("lab", "ghcr.io/x/lab@sha256:2", "linux/arm64"),
        ("lab (stable)", "ghcr.io/x/lab@sha256:3", "linux/arm64"),
    ]
    assert found[0].key == "k"


@given(st.integers(0, PART * PARTS * 2))
def test_parts_have_every_image_once_and_are_alike(count: int) -> None:
    targets = [ScanTarget(f"image-{at}", f"x@{at}", "linux/amd64") for at in range(count)]
    parts = parts_of(targets)
    assert [one for part in parts for one in part] == targets
    assert len(parts) <= PARTS
    sizes = {len(part) for part in parts}
    assert not sizes or max(sizes) - min(sizes) <= 1
    assert 0 not in sizes
    assert count > PART * PARTS or not sizes or max(sizes) <= PART


def test_results_are_handed_on_as_they_are() -> None:
    results = [result(APT, PIP), result(channel="stable")]
    assert results_of(json.loads(json.dumps(results_as_data(results)))) == results


@pytest.mark.parametrize(
    "change", [{"severity": "SHELL"}, {"more": 1}, {"fixed": 3}], ids=["severity", "field", "type"]
)
def test_what_a_scanner_has_written_there_is_refused(change: dict[str, Any]) -> None:
    data = json.loads(json.dumps(results_as_data([result(APT)])))
    data[0]["findings"][0] |= change
    with pytest.raises((ValueError, KeyError)):
        results_of(data)


@pytest.mark.parametrize(
    "text", ['[{"target": "text"}]', '["text"]', "[1]", "null", '[{"target": {}}]', '{"a": 1}']
)
def test_what_is_no_list_of_results_is_refused(text: str) -> None:
    data = json.loads(text)
    with pytest.raises((ValueError, KeyError)):
        results_of(data)


def test_an_image_without_a_result_was_not_scanned() -> None:
    found = complete([target("base"), target("lab")], [result(APT, variant="lab")], "its job was cancelled")
    assert [(one.target.variant, one.problem) for one in found] == [
        ("base", "its job was cancelled"),
        ("lab", ""),
    ]


def test_a_result_cannot_rename_its_image() -> None:
    renamed = ScanResult(replace(target("lab"), variant="other", channel="stable"), rejected=True)
    assert complete([target("lab")], [renamed], "") == [ScanResult(target("lab"), rejected=True)]


def test_reports_of_images_have_names_of_their_own() -> None:
    names = {
        report_name(one)
        for one in (
            target("team/lab:r4.5"),
            target("team/lab:r4.5", platform="linux/arm64"),
            target("team/lab:r4.5", channel="stable"),
            target("team-lab:r4.5"),
        )
    }
    assert len(names) == 4
    assert all(set(name) <= {*"abcdefghijklmnopqrstuvwxyz0123456789-."} for name in names)


def test_sarif_is_filed_under_its_image() -> None:
    sarif = json.dumps({"runs": [{"results": []}, {"automationDetails": {"id": "x"}}]}).encode()
    runs = json.loads(with_category(sarif, target("lab:r4.5")))["runs"]
    assert {run["automationDetails"]["id"] for run in runs} == {"image-matrix/lab:r4.5-amd64/"}
    assert with_category(b"no JSON", target()) == b"no JSON"
    assert with_category(b"[]", target()) == b"[]"
