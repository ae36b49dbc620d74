"""What counts as the package that a hub starts: an entry of pip or conda, and what an image or its source states."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.project.load import load

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources:
  debian: docker.io/library/debian:trixie-slim
  pangeo: {{image: "quay.io/pangeo/pangeo-notebook:1", provides: {{jupyterhub: "{source}"}}}}
downloads:
  micromamba: {{version: "2", url: "https://example.org/micromamba-{{arch}}", to: /usr/local/bin/micromamba}}
images:
  conda: {{from: debian, kind: base, conda: ["jupyterhub-singleuser={conda}"]}}
  pangeo-more: {{from: pangeo}}
  stated: {{from: debian, kind: base, provides: {{jupyterhub: "{stated}"}}}}
sizes: {{small: {{display_name: Small}}}}
profiles: {{one: {{display_name: One, sizes: [small], images: [conda, pangeo-more, stated]}}}}
"""


def codes(**versions: str) -> list[str]:
    try:
        load(
            {"matrix.yaml": MATRIX.format(**{"source": "5", "conda": "5.5", "stated": "5.5"} | versions)},
            ["base"],
        )
    except MatrixError as error:
        return [item.code for item in error.diagnostics]
    return []


def test_each_of_them_counts() -> None:
    assert codes() == []


@pytest.mark.parametrize("place", ["source", "conda", "stated"])
def test_another_major_version_is_an_error(place: str) -> None:
    assert codes(**{place: "4.1"}) == ["IM718"]


KUBEFLOW = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources:
  debian: docker.io/library/debian:trixie-slim
  pangeo: {image: "quay.io/pangeo/pangeo-notebook:1", provides: {jupyterhub: "4.1"}}
images: {base: {from: debian, kind: base}}
sizes: {small: {display_name: Small}}
profiles: {one: {display_name: One, sizes: [small], images: [pangeo]}}
sites: {lab: {spawner: kubeflow}}
"""


@pytest.mark.parametrize(("site", "is_hub"), [("spawner: kubeflow", False), ("jupyterhub: 5.5.0", True)])
def test_a_site_without_a_hub_takes_sources_with_any_jupyterhub(site: str, is_hub: bool) -> None:
    with pytest.raises(MatrixError) as error:  # Kubeflow has to know more of the source
        load({"matrix.yaml": KUBEFLOW.replace("spawner: kubeflow", site)}, ["base"])
    assert ("IM718" in [item.code for item in error.value.diagnostics]) == is_hub
