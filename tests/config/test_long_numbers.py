"""Numbers of hundreds of digits: no program that reads them fails."""

from __future__ import annotations

import pytest

from image_matrix.config.document import Documents
from image_matrix.config.long_numbers import long_numbers
from image_matrix.config.pattern import MOST_DIGITS
from image_matrix.config.shape_errors import check_shape
from image_matrix.config.yaml_loader import parse

MANY = "9" * 5000
PLACES = {
    ("bundles", "full", "pip", 0): f"bundles: {{full: {{pip: [uv=={MANY}]}}}}",
    ("sites", "hub", "chart"): f"sites: {{hub: {{chart: '4.0.{MANY}'}}}}",
    (
        "sites",
        "hub",
        "buildkit",
        "cpu",
        "limit",
    ): f"sites: {{hub: {{buildkit: {{cpu: {{limit: {MANY[:400]}}}}}}}}}",
    ("sites", "hub", "buildkit", "cluster", "kubernetes"): (
        f"sites: {{hub: {{buildkit: {{cluster: {{kubernetes: '1.{MANY}'}}}}}}}}"
    ),
}


@pytest.mark.parametrize("path", PLACES)
def test_a_number_of_hundreds_of_digits_is_refused(path: tuple[str | int, ...]) -> None:
    document, _ = parse(f"{PLACES[path]}\n", "matrix.yaml")
    assert document is not None
    found = [one for one in check_shape(Documents(document.value, (document,))) if one.path == path]
    assert [one.fields["problem"] for one in found] == ["a number has more than 300 digits"]


@pytest.mark.parametrize(
    "text",
    [
        f"images: {{base: {{env: {{N: '{MANY}'}}, description: 'key {MANY}'}}}}",
        f"images: {{base: {{env: {{N: '{MANY}'}}, labels: {{org.example.key: '{MANY}'}}}}}}",
        f"profiles: {{a: {{description: '{MANY}'}}}}",
    ],
)
def test_a_free_text_has_as_many_digits_as_its_writer_wants(text: str) -> None:
    document, _ = parse(f"{text}\n", "matrix.yaml")
    assert document is not None
    assert "digits" not in str(check_shape(Documents(document.value, (document,))))


def test_a_name_has_none_of_hundreds_of_digits() -> None:
    document, _ = parse(f"images: {{base: {{env: {{A{MANY[:400]}: b}}}}}}\n", "matrix.yaml")
    assert document is not None
    found = [one for one in check_shape(Documents(document.value, (document,))) if one.rule.code == "IM106"]
    assert [one.fields["advice"] for one in found] == ["write the number that is meant"]


@pytest.mark.parametrize("value", [10**MOST_DIGITS - 1, MANY, 1e308, True, None])
def test_what_is_no_long_number(value: object) -> None:
    assert [*long_numbers({"a": [value]})] == []


def test_it_is_said_once_of_a_place() -> None:
    document, _ = parse(f"sizes: {{a: {{cpu: {MANY[:400]}}}}}\n", "matrix.yaml")
    assert document is not None
    found = check_shape(Documents(document.value, (document,)))
    assert [one.rule.code for one in found if one.path == ("sizes", "a", "cpu")] == ["IM102"]
