"""Settings of a profile that its sizes always override."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.project.load import load

BASE = """
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {lab: {image: "quay.io/team/lab:1", provides: {jupyterhub: "5.5"}}}
images: {plain: {from: lab}}
sizes:
  small: {display_name: Small, memory: {limit: 4Gi}}
  free: {display_name: Free, cpu: {limit: 2}, sites: [two]}
profiles:
  a: {display_name: A, images: [lab], sizes: [small, free], kubespawner_override: {mem_limit: 4G}}
sites: {one: {chart: "4.4.0"}, two: {chart: "4.4.0"}}
"""


def codes(text: str) -> list[str]:
    try:
        load({"matrix.yaml": text}, ["base"])
    except MatrixError as error:
        return [item.code for item in error.diagnostics]
    return []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("cpu: {limit: 2}, sites", "memory: {limit: none}, sites", ["IM410"]),
        ("sizes: [small, free]", "sizes: [small]", ["IM410"]),
        (
            ", kubespawner_override: {mem_limit: 4G}}",
            "}\ndefaults: {profiles: {kubespawner_override: {mem_limit: 4G}}}",
            [],
        ),
    ],
    ids=["a-site-has-a-size-without", "every-size", "one-size", "of-defaults"],
)
def test_a_setting_has_an_effect_where_one_site_has_a_size_without_it(
    old: str, new: str, expected: list[str]
) -> None:
    assert old in BASE
    assert codes(BASE.replace(old, new) if old else BASE) == expected
