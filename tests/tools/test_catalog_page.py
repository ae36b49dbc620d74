"""The examples of docs/catalog.md are sections that this repository's matrix could have."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.config.overlay_merge import merge
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded


def test_the_examples_are_valid() -> None:
    page = (REPOSITORY / "docs/catalog.md").read_text(encoding="utf-8")
    first, sites, choices, devices = (
        yaml.safe_load(text)
        for text in re.findall(r"^```yaml\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    )
    catalog = loaded(first, choices, devices).matrix.catalog
    assert list(catalog.profiles) == ["data-science", "gpu", "science"]
    assert catalog.sizes["gpu"].devices == {"nvidia.com/gpu": 1}
    assert catalog.site.devices["nvidia.com/gpu"].runtime_class == "nvidia"
    assert list(loaded(sites).matrix.catalogs) == list(sites["sites"])


def loaded(*parts: dict[str, Any]) -> Loaded:
    """This repository's matrix with examples in place of what it says itself."""
    matrix = yaml.safe_load((REPOSITORY / "matrix.yaml").read_text(encoding="utf-8"))
    matrix = {name: section for name, section in matrix.items() if name not in ("profiles", "sites")}
    text = yaml.safe_dump(reduce(merge, parts, matrix), sort_keys=False)
    result = load({"matrix.yaml": text}, read_templates(REPOSITORY).kinds)
    assert not result.warnings
    return result
