"""The sites that a remedy names for a profile can be written as they are: no site is lost or left empty."""

from __future__ import annotations

import re

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.project.load import load

MATRIX = """\
version: 1
registry: ghcr.io/example/n
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  base: {from: debian, kind: base, pip: [uv==0.13.8]}
  four: {from: base, pip: [jupyterhub==4.1.6]}
  five: {from: base, pip: [jupyterhub==5.5.0]}
sizes: {small: {display_name: Small}}
profiles:
  one: {display_name: One, sizes: [small], images: [five]SITES}
OTHER
sites: {old: {chart: "3.3.8"}, new: {chart: "4.4.0"}, kf: {spawner: kubeflow}, odh: {spawner: opendatahub}}
"""
KEPT = "  two: {display_name: Two, sizes: [small], images: [four], sites: [old]}"
UNFIT = "  two: {display_name: Two, sizes: [small], images: [five], sites: [old]}"


def problems(other: str, sites: str = "") -> list[tuple[str, str]]:
    """Return the codes and remedies for a matrix with another profile, and with ``sites`` in the first one."""
    try:
        load({"matrix.yaml": MATRIX.replace("SITES", sites).replace("OTHER", other)}, ["base"])
    except MatrixError as error:
        return [(item.code, item.help) for item in error.diagnostics if item.severity == "error"]
    return []


def test_sites_of_other_spawners_stay_and_the_remedy_works() -> None:
    ((code, advice),) = problems(KEPT)
    assert code == "IM718"
    written = re.findall(r"`(sites: \[.*?\])`", advice)
    assert written == ["sites: [new, kf, odh]"]
    assert problems(KEPT, f", {written[0]}") == []


@pytest.mark.parametrize("other", ["", UNFIT])
def test_no_site_is_left_without_a_profile_that_it_can_start(other: str) -> None:
    found = problems(other)
    assert {code for code, _ in found} == {"IM718"}
    assert not any("sites: [" in advice for _, advice in found)
