"""The examples of docs/catalog.md are sections that this repository's matrix could have."""

from __future__ import annotations

import re
from functools import reduce

import yaml

from image_matrix.config.overlay_merge import merge
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from tools.reference import REPOSITORY


def test_the_examples_are_valid() -> None:
    page = (REPOSITORY / "docs/catalog.md").read_text(encoding="utf-8")
    parts = [
        yaml.safe_load(text)
        for text in re.findall(r"^```yaml\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    ]
    assert len(parts) == 3
    matrix = yaml.safe_load((REPOSITORY / "matrix.yaml").read_text(encoding="utf-8"))
    del matrix["profiles"]
    text = yaml.safe_dump(reduce(merge, parts, matrix))
    loaded = load({"matrix.yaml": text}, read_templates(REPOSITORY).kinds)
    assert not loaded.warnings
    catalog = loaded.matrix.catalog
    assert list(catalog.profiles) == ["data-science", "gpu", "science"]
    assert catalog.sizes["gpu"].devices == {"nvidia.com/gpu": 1}
    assert catalog.site.devices["nvidia.com/gpu"].runtime_class == "nvidia"
