"""Which images a finding is in, and on which of their platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.findings.issue import issue_body
from image_matrix.findings.model import ScanLimits, ScanResult
from image_matrix.findings.news import news
from image_matrix.findings.rows import finding_rows, images_text
from tests.findings.examples import APT, BASE, LAB, LEAF, known, result, target
from tests.findings.test_issue import PARENTS, scanned

if TYPE_CHECKING:
    from image_matrix.findings.rows import FindingRow

AMD64, ARM64, S390X = "linux/amd64", "linux/arm64", "linux/s390x"
ALL = (AMD64, ARM64, S390X)


def row_of(*results: ScanResult) -> FindingRow:
    (row,) = finding_rows(known(), results)
    return row


def text_of(*results: ScanResult) -> str:
    return images_text(row_of(*results), PARENTS)


def found(variant: str, *platforms: str, scanned_on: tuple[str, ...] = (AMD64, ARM64)) -> list[ScanResult]:
    """Return scans of a variant that have a finding on some platforms."""
    return [result(*([APT] if one in platforms else []), variant=variant, platform=one) for one in scanned_on]


def test_images_are_named_by_those_that_the_others_stand_on() -> None:
    every = [result(APT, variant=name) for name in (BASE, LAB, LEAF)]
    assert text_of(*every) == "base:default, and 2 that stand on it"
    assert text_of(every[2]) == LEAF
    both = [*found(LAB, AMD64, ARM64), result(APT, variant=LAB, key="old", channel="stable")]
    assert text_of(*both) == "lab:default, lab:default (stable)"
    many = [result(APT, variant=f"image-{number}") for number in range(6)]
    assert text_of(*many) == "image-0, image-1, image-2, image-3 and 2 more"


@pytest.mark.parametrize(
    ("results", "text"),
    [
        (found(LAB, ARM64), "lab:default (linux/arm64)"),
        (found(LAB, ARM64, AMD64), "lab:default"),
        (found(LAB, ARM64, S390X, scanned_on=ALL), "lab:default (linux/arm64 and linux/s390x)"),
        (found(BASE, ARM64) + found(LAB, ARM64), "base:default (linux/arm64), and 1 that stands on it"),
        (found(BASE, ARM64) + found(LAB, AMD64, ARM64), "base:default (linux/arm64), lab:default"),
        (found(BASE, AMD64, ARM64) + found(LAB, ARM64), "base:default, lab:default (linux/arm64)"),
        (found(BASE, AMD64, ARM64) + found(LAB, ARM64, scanned_on=(ARM64,)),
         "base:default, and 1 that stands on it"),
        ([*found(LAB, ARM64), result(variant=LAB, channel="stable"),
          result(APT, variant=LAB, channel="stable", platform=ARM64)],
         "lab:default (linux/arm64), lab:default (stable) (linux/arm64)"),
    ],
)  # fmt: skip
def test_an_image_has_its_platforms_if_another_one_lacks_the_finding(
    results: list[ScanResult], text: str
) -> None:
    assert text_of(*results) == text


@pytest.mark.parametrize(
    "other",
    [
        ScanResult(target(LAB), problem="the scanner failed"),
        ScanResult(target(LAB), limits=ScanLimits(stale="it is old")),
        ScanResult(target(LAB), limits=ScanLimits(unseen="conda is not looked up")),
    ],
)
def test_what_was_not_seen_is_not_without_the_finding(other: ScanResult) -> None:
    assert text_of(result(APT, variant=LAB, platform=ARM64), other) == LAB


def test_the_issue_and_its_comment_have_the_platforms() -> None:
    scan = scanned(*found(LAB, ARM64))
    assert " | `lab:default` (linux/arm64) | " in issue_body(scan)
    assert news(scan.rows, PARENTS).endswith(" in `lab:default` (linux/arm64)")


@given(st.sets(st.sampled_from(ALL), min_size=1), st.sets(st.sampled_from(ALL)))
def test_platforms_are_named_exactly_where_one_lacks_it(have: set[str], also: set[str]) -> None:
    every = tuple(sorted(have | also))
    assert (row_of(*found(LAB, *have, scanned_on=every)).only_on == {}) == (have == {*every})
