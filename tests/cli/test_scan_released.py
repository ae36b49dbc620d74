"""The line that says what a scan of what is released has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.cli.scan_released import summary_of
from tests.findings.examples import LEAF, result

if TYPE_CHECKING:
    from image_matrix.findings.model import ScanResult

ARM = "linux/arm64"


@pytest.mark.parametrize(
    ("results", "counted"),
    [
        ([result(), result(variant=LEAF)], "2 released images"),
        ([result(), result(key="before")], "2 released images"),
        ([result(), result(channel="stable")], "2 released images"),
        ([result(), result(platform=ARM)], "2 released images over all platforms"),
        ([result(), result(variant=LEAF, platform=ARM)], "2 released images over all platforms"),
        ([result(), result()], "1 released image"),
    ],
)
def test_images_of_platforms_are_said_to_be_counted(results: list[ScanResult], counted: str) -> None:
    assert summary_of([], results) == f"0 findings in 0 of {counted}"
