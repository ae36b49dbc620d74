"""Licences and packages that the lock has: its fingerprints are of no interest here, so pins are made by hand."""

from __future__ import annotations

import pytest

from image_matrix.lock.pins import Pins
from image_matrix.policy.check import violations
from image_matrix.policy.licences import fits_licence, is_met
from image_matrix.project.load import load

MATRIX = """\
version: 1
registry: ghcr.io/team/images
workflow: none
policy: {policy}
sources: {{debian: docker.io/library/debian:trixie-slim}}
axes: {{python: ["3.13"]}}
images: {{base: {{from: debian, kind: base, axes: [python], pip: [uv==0.13.8, requests==2.34.2]}}}}
"""
TEXT = "".join(f"{one} \\\n    --hash=sha256:0\n" for one in ("uv==0.13.8", "requests==2.34.2", "idna==3.20"))
PINS = Pins(
    requirements={"base:python3.13": {"amd64": TEXT, "arm64": TEXT}},
    licences={"uv==0.13.8": "MIT OR Apache-2.0", "requests==2.34.2": "Apache-2.0"},
)


def said(policy: str) -> list[tuple[str, int, int, str]]:
    loaded = load({"matrix.yaml": MATRIX.format(policy=policy)}, ["base"])
    found = violations(loaded.policies, loaded, PINS, "2026-11-29")
    return [(one.code, one.place.line, one.place.column, one.message) for one in found]


def test_a_licence_is_refused_at_the_line_of_its_package() -> None:
    (one,) = said("{licences: {deny: [MIT, {name: Apache-*, reason: ours is older}]}}")[:1]
    assert one[:3] == ("IM907", 7, 65)
    assert "`uv` 0.13.8 (pip) has the licence MIT OR Apache-2.0, which the policy" in one[3]
    found = said("{licences: {deny: [MIT, {name: Apache-*, reason: ours is older}]}}")
    assert [line[2] for line in found] == [65, 77]
    assert found[1][3].endswith("(`Apache-*` is denied: ours is older)")
    assert [line[3].partition(" (pip)")[0] for line in said("{licences: {deny: [Apache-2.0]}}")] == [
        "the package `requests` 2.34.2"
    ]


def test_a_licence_that_is_not_known_is_not_allowed_and_not_denied() -> None:
    (one,) = said("{licences: {allow: [MIT, Apache-2.0]}}")
    assert one[3].startswith(
        "the package `idna` 3.20 (pip) has no licence that is known, which the policy does not"
    )
    assert said("{licences: {deny: [ISC]}}") == []


def test_a_package_that_comes_with_others_is_refused_at_their_list() -> None:
    ((code, line, column, message),) = said('{packages: {pip: {deny: ["idna<4"]}}}')
    assert (code, line, column) == ("IM902", 7, 64)
    assert message.startswith(
        "the package `idna` 3.20 (pip), which comes with other packages of `base`, is not"
    )


@pytest.mark.parametrize(
    ("expression", "good", "met"),
    [
        ("A", "A", True), ("A", "B", False), ("A OR B", "B", True), ("A AND B", "B", False),
        ("A AND B OR C", "C", True), ("A AND (B OR C)", "AC", True), ("A AND (B OR C)", "C", False),
        ("A OR B AND C", "A", True), ("(A)", "A", True), ("", "A", False), ("A B", "AB", False),
    ],
)  # fmt: skip
def test_one_choice_of_an_expression_is_enough(expression: str, good: str, met: bool) -> None:
    assert is_met(expression, lambda identifier: identifier in good) is met


def test_a_pattern_without_an_exception_means_a_licence_with_any() -> None:
    assert fits_licence("GPL-2.0-only WITH Classpath-exception-2.0", "gpl-*")
    assert not fits_licence("GPL-2.0-only", "GPL-2.0-only WITH *")
    assert not fits_licence("AGPL-3.0-only", "GPL-*")
