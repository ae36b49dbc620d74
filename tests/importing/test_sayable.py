"""Entries of other programs' lists: what a matrix takes as it is, and what it cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.importing.sayable import sayable

if TYPE_CHECKING:
    from image_matrix.config.model import Manager


@pytest.mark.parametrize(
    ("installer", "text", "entry"),
    [
        ("pip", "scipy == 1.17.1", "scipy==1.17.1"),
        ("pip", "a [b, c]>=1, <2 ;python_version<'3.12'", "a[b,c]>=1,<2; python_version<'3.12'"),
        ("pip", "scipy numpy", None),
        ("pip", "scipy=1.17", None),
        ("pip", "git+https://example.org/a.git", None),
        ("pip", "{python}", None),
        ("apt", "curl=8.*", "curl=8.*"),
        ("apt", "curl git", None),
        ("conda", "gdal=3.11=h1_0", "gdal=3.11=h1_0"),
        ("conda", "numpy>=1.17, <2", "numpy>=1.17,<2"),
        ("conda", "bioconda::samtools >=1.2", "bioconda::samtools>=1.2"),
        ("conda", "tensorflow  2.17.*  cuda12*", "tensorflow 2.17.* cuda12*"),
        ("conda", "gdal proj", None),
        ("conda", "https://example.org/a.conda", None),
        ("cran", "dplyr@1.1.4", "dplyr@1.1.4"),
        ("cran", "github::me/tool@v1", None),
        ("npm", "@mermaid/cli@11.1.0", "@mermaid/cli@11.1.0"),
    ],
)
def test_an_entry(installer: Manager, text: str, entry: str | None) -> None:
    assert sayable(installer, text) == entry
