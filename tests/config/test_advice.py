"""What the messages about shapes say: a remedy mends, and a sentence is one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.document import Documents
from image_matrix.config.schema import schema_text
from image_matrix.config.shape_errors import check_shape
from image_matrix.config.suggestions import entries
from image_matrix.config.yaml_loader import parse
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Diagnostic

LOWEST = "it is the lowest one that stops a release"
SHAPES = ("IM102", "IM103", "IM105")
Steps = tuple[str | int, ...]
SCHEMA = json.loads(schema_text())
WRONG = [
    "3.10",
    "8",
    "true",
    ".inf",
    '"60"',
    "yes",
    "one, two",
    "[one]",
    "[1, 2]",
    "{one: two}",
    "1.5",
    '"8Gi"',
    "|\n  a\n  b",
    "none",
    "Team Data/",
    "usr/local/bin/x",
]


def fields(schema: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every place of a matrix with its sub-schema, names of users' own being `own`."""
    schema = {**SCHEMA["$defs"].get(schema.get("$ref", "").rpartition("/")[2], {}), **schema}
    if path:
        yield path, schema
    for branch in schema.get("anyOf", ()):
        yield from ((below, found) for below, found in fields(branch, path) if below != path)
    for name, part in schema.get("properties", {}).items():
        yield from fields(part, (*path, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from fields(schema["additionalProperties"], (*path, "own"))
    if "items" in schema:
        yield from fields(schema["items"], (*path, 0))


def distinct(places: Iterator[tuple[Steps, Any]]) -> dict[Steps, Any]:
    """The places with another name or another schema than those before: the others are checked by the same lines."""
    first: dict[tuple[object, str], tuple[Steps, Any]] = {}
    for path, schema in places:
        first.setdefault((path[-1], json.dumps(schema, sort_keys=True)), (path, schema))
    return dict(first.values())


FIELDS = distinct(fields(SCHEMA))


def written(path: Steps, value: str) -> str:
    """A matrix that has nothing but a value at a path."""
    text = ""
    for depth, step in enumerate(path):
        text += "\n" * bool(text) + "  " * depth + ("-" if step == 0 else f"{step}:")
    return f"{text} " + value.replace("\n", "\n" + "  " * len(path)) + "\n"


def found(text: str, path: Steps) -> list[Diagnostic]:
    """What is said of the value at a path itself."""
    document, problems = parse(text, "matrix.yaml")
    assert document is not None, (text, problems)
    documents = Documents(document.value, (document,))
    here = [item for item in check_shape(documents) if item.path == path and item.rule.code in SHAPES]
    return diagnose(here, documents)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", WRONG)
def test_following_a_remedy_leads_to_no_other_error(wrong: str) -> None:
    """Nor to a value out of the documentation, unless the help calls it an example."""
    for path in FIELDS:
        said = found(written(path, wrong), path)
        assert len(said) <= 1, (path, wrong, said)
        for item in said:
            better = remedy(item.help, path)
            assert better or item.help.startswith(WORDS), (path, wrong, item.help)
            if better:
                assert found(written(path, better), path) == [], (path, wrong, item.message, item.help)
                assert "for example" in item.help or not copied(better, wrong, path), (path, wrong, item.help)


def copied(better: str, wrong: str, path: Steps) -> bool:
    """Whether a value is an example of the schema that has nothing of what a user wrote."""
    every = {as_written(value) for value in FIELDS[path].get("enum", ())}  # no example, but all that is right
    examples = (
        {as_written(example) for example in FIELDS[path].get("examples", ())} - {"true", "false"} - every
    )
    letters = re.findall(r"[0-9]+|[a-z]+", wrong.lower())
    return better in examples and not any(part in better.lower() for part in letters)


WORDS = (
    "known: ", "write it in one line", "write `name: value`", "write a number", "add an entry", "remove `",
    "did you mean", "write one text or a list", "write one text or `name: value`", "write names with their fields: ",
    "a list cannot contain a list: ",
)  # fmt: skip
"""What a help starts with that shows no value."""


def remedy(text: str, path: Steps) -> str | None:
    """The value that a help shows, be it an example."""
    shown = re.search(
        rf"(?:write|example,|list:|brackets:) `(?:{path[-1]}: )?([^`]+)`(?:, without quotes)?$|it: (\S+)$",
        text,
    )
    return (shown[1] or shown[2]) if shown else None


AMOUNTS = {
    "cpu": "write, for example, `cpu: {limit: 2, guarantee: 0.5}`",
    "memory": "write, for example, `memory: {limit: 4Gi, guarantee: 1Gi}`",
}


@pytest.mark.parametrize(
    ("field", "wrong", "help_"),
    [
        (("release", "sign"), "false", "write `sign: none`"),
        (("release", "sign"), "true", "write `sign: cosign`"),
        (("release", "sign"), "off", "write `none`"),
        (("release", "scan"), "false", "write `scan: none`"),
        (("release", "scan"), "true", "write `scan: trivy`"),
        (("release", "scan"), "Grype", "write `grype`"),
        (("images", "a", "max_size"), "false", "write `max_size: none`"),
        (("images", "a", "max_size"), '"8 GB"', "write `8GB`"),
        (("sizes", "a", "cpu"), "2", "write `cpu: {limit: 2}`"),
        (("sizes", "a", "cpu"), "9" * 400, AMOUNTS["cpu"]),
        (("sizes", "a", "cpu"), f'"{"9" * 400}"', AMOUNTS["cpu"]),
        (("sizes", "a", "cpu"), ".inf", AMOUNTS["cpu"]),
        (("sizes", "a", "memory"), "4Gi", "write `memory: {limit: 4Gi}`"),
        (("sizes", "a", "memory"), "4294967296", "write `memory: {limit: 4294967296}`"),
        (("sizes", "a", "memory"), "4", AMOUNTS["memory"]),
        (("sizes", "a", "memory"), "0G", AMOUNTS["memory"]),
        (("sizes", "a", "memory"), "4 gigabytes", AMOUNTS["memory"]),
        (("sizes", "a", "memory"), "limit=4 gigabytes", AMOUNTS["memory"]),
        (("release", "artifact"), "true", "write, for example, `artifact: deploy`"),
        (("images", "a", "apt"), "true", "write, for example, `apt: [ffmpeg, git=1:2.47.*]`"),
        (("images", "a", "env", "A"), "true", 'write `A: "true"`'),
        (("profiles", "a", "node_selector", "gpu"), "true", 'write `gpu: "true"`'),
        (("sizes", "a", "devices"), "nvidia.com/gpu", "write `devices: {nvidia.com/gpu: 1}`"),
        (("sizes", "a", "devices"), "none", "remove `devices`"),
        (("sizes", "a", "devices"), "7", "write, for example, `devices: {nvidia.com/gpu: 1}`"),
        (
            ("defaults", "images", "apt", "snapshot"),
            "2026-11-01",
            "write `snapshot: true`: the lock has the moment, and `image-matrix lock --upgrade apt` moves it",
        ),
        (("profiles", "a", "deprecated"), "new", "write `deprecated: {successor: new}`"),
        (
            ("network", "mirrors", "pip"),
            "packages.team.org/simple",
            "write `https://packages.team.org/simple`",
        ),
        (("downloads", "a", "to"), "usr/bin/x", "write `/usr/bin/x`"),
        (("downloads", "a", "version"), '"#"', "write, for example, `4.139.1`"),
    ],
)
def test_a_remedy_is_computed_from_the_value(field: Steps, wrong: str, help_: str) -> None:
    assert [item.help for item in found(written(field, wrong), field)] == [help_]


def test_what_is_missing_is_named_after_its_entry() -> None:
    document, _ = parse("profiles:\n  data-science: {images: [a]}\n", "matrix.yaml")
    assert document is not None
    findings = check_shape(Documents(document.value, (document,)))
    help_ = {item.path: item.fields["advice"] for item in findings if item.rule.code == "IM104"}
    assert help_["profiles", "data-science"] == "add `display_name: Data science`"
    advice = list(dict.fromkeys(item.fields["advice"] for item in findings if item.path == ()))
    assert advice == [
        "add `version: 1`",
        "add, for example, `registry: ghcr.io/example/notebooks`",
        "add, for example, `images: {base: {from: debian-trixie}}`",
    ]


@pytest.mark.parametrize(
    ("line", "better"),
    [
        ("pip: ['scipy\u00a0==1.17.1']", "column 17 is U+00A0 (no-break space): write `scipy ==1.17.1`"),
        ("pip: ['scipy\u200b==1.17.1']", "column 17 is U+200B (zero width space): write `scipy==1.17.1`"),
        ("pip: [\u201cscipy==1.17.1\u201d]", "column 11 is U+201C (left double quotation mark): write `scipy==1.17.1`"),
        ("pip: [scikit\u2013learn]", "column 17 is U+2013 (en dash): write `scikit-learn`"),
        ("pip: [s\u0441ipy]", "column 12 is U+0441 (cyrillic small letter es): type it again"),
        ("pip: ['scipy==1.17.1#fast']", "write `scipy==1.17.1`"),
        ("pip: [numpy=>1.0]", "write `numpy>=1.0`"),
        ("pip: [numpy>=1,<2]", 'the comma ends the entry before: write `"numpy>=1,<2"`'),
        ("pip: [scipy numpy]", "write each as a separate entry: `scipy`, `numpy`"),
        ("apt: [Git]", "write `git`"),
        ("env: [A=b, {C: d}]", "write `env: {A: b, C: d}`"),
        ("pip: [[scipy]]", "write `scipy`"),
        ("pip: [[scipy, numpy]]", "a list cannot contain a list: write its entries one by one"),
        ("FROM: deb", "write `from: deb`"),
        ("PIP: [scipy]", "write `pip: [scipy]`"),
        ("environment: {A: b}", "write `env: {A: b}`"),
        ("base_image: deb", "write `from: deb`"),
        ("requirements: [scipy]", "write `pip: [scipy]`"),
        ("arch: [amd64]", "write `platforms: [linux/amd64]`"),
        ("platforms: [linux/x86_64]", "write `linux/amd64`"),
        ("ov\u0435rrides: []", "U+0435 (cyrillic small letter ie) is in it; did you mean"),
        ("maps: {from: base}", "`maps` looks like an image: start it in the column of `b`, with its lines below it"),
        ('description: "a\\u202eb"', "remove it"),
    ],
)  # fmt: skip
def test_the_remedy_is_made_from_what_is_written(line: str, better: str) -> None:
    helps = advice_of(f"images:\n  b:\n    {line}\n")
    assert [text[: len(better)] for text in helps] == [better]


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("geo:\n  from: base\n", "`geo` looks like an image: move it, with its lines, below `images:`"),
        ("images: [jupyter]\n", "write names with their fields: `images: {jupyter: {…}}`"),
        ("profiles:\n- name: d\n", "write `d:` and its fields below it, indented further, instead of `- name: d`"),
        ("release: {sign: false}\n", "write `sign: none`"),
        ('release: {scan: {severity: "HIGH,CRITICAL"}}\n', f"write `HIGH`: {LOWEST}"),
        ('release: {scan: {severity: "critical, high"}}\n', f"write `HIGH`: {LOWEST}"),
        ("release: {scan: {severity: [MEDIUM, HIGH, CRITICAL]}}\n", f"write `MEDIUM`: {LOWEST}"),
        ('release: {scan: {severity: "UNKNOWN,LOW"}}\n', f"write `LOW`: {LOWEST}"),
        ('release: {provenance: "min, max"}\n', "write one word: `max` or `min`"),
        ("downloads: {x: {url: 'https://e.org/${version}'}}\n", 'write `"https://e.org/{version}"`'),
    ],
)  # fmt: skip
def test_the_remedy_of_a_section_is_made_from_what_is_written(text: str, better: str) -> None:
    assert better in advice_of(text)


def advice_of(text: str) -> list[str]:
    """Everything that is to be written instead, but for fields that are missing."""
    document, problems = parse(text, "matrix.yaml")
    assert document is not None, problems
    documents = Documents(document.value, (document,))
    return [item.help for item in diagnose(check_shape(documents), documents) if item.code != "IM104"]


def test_a_misspelt_field_is_not_missing_too() -> None:
    document, _ = parse("version: 1\nregsitry: ghcr.io/a/b\nimages: {b: {form: deb}}\n", "matrix.yaml")
    assert document is not None
    documents = Documents(document.value, (document,))
    assert [item.code for item in diagnose(check_shape(documents), documents)] == ["IM101", "IM101"]


@pytest.mark.parametrize("break_", ["\\n", "\\x01", "\\x7f", "\\N", "\\L", "\\P"])
def test_what_no_line_can_hold_is_said_of_every_text(break_: str) -> None:
    """YAML's escapes of line breaks, Unicode's too."""
    for path, part in FIELDS.items():
        if part.get("pattern", "").startswith("^[^\\x00"):
            said = found(written(path, f'"a{break_}b"'), path)
            assert [item.help for item in said] == ["write it in one line"], path


def test_direction_marks_are_refused_in_every_text() -> None:
    """They make a reviewer see another order than programs do (CVE-2021-42574)."""
    for path, part in FIELDS.items():
        if part.get("pattern", "").startswith("^[^\\x00"):
            said = found(written(path, '"a\\u202eb"'), path)
            assert [item.help for item in said] == ["remove it"], path


def test_every_pattern_has_a_word() -> None:
    """A title such as `Put to` is none."""
    free = "^[^\\x00-\\x1f\\x7f\\u0085\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]"
    names = [part["propertyNames"] for part in _parts(SCHEMA) if "propertyNames" in part]
    texts = [part for part in _parts(SCHEMA) if "pattern" in part and not part["pattern"].startswith(free)]
    assert [part["title"] for part in (*names, *texts) if "x-noun" not in part] == []


def test_every_keyword_has_a_message() -> None:
    """What is not listed here is handled nowhere in image_matrix.config.schema."""
    handled = {
        "additionalProperties", "anyOf", "const", "enum", "items", "maxLength", "maxProperties", "maximum", "minItems",
        "minLength", "minProperties", "minimum", "pattern", "properties", "propertyNames", "required", "type",
        "uniqueItems",
    }  # fmt: skip
    silent = {
        "$defs",
        "$id",
        "$ref",
        "$schema",
        "default",
        "description",
        "examples",
        "title",
        "x-filled",
        "x-hint",
        "x-lowest",
        "x-noun",
    }
    schemas = [SCHEMA, *(part for _, part in FIELDS.items())]
    assert {keyword for part in schemas for keyword in part} <= handled | silent
    assert all("minimum" in part for part in schemas if "maximum" in part)
    assert {part["maxProperties"] for part in schemas if "maxProperties" in part} == {1}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _parts(part)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("git", ["git"]),
        ("git, curl", ["git", "curl"]),
        ("git curl", ["git", "curl"]),
        ("git,curl jq", ["git", "curl", "jq"]),
        ("uv==0.13.8\nruff==1.0\n", ["uv==0.13.8", "ruff==1.0"]),
        ("- uv==0.13.8\n- ruff==1.0\n", ["uv==0.13.8", "ruff==1.0"]),
        ("-uv==0.13.8 -ruff==1.0", ["uv==0.13.8", "ruff==1.0"]),
        ("uv==0.13.8]", ["uv==0.13.8"]),
        ("[uv==0.13.8", ["uv==0.13.8"]),
        ("(uv==0.13.8, ruff)", ["uv==0.13.8", "ruff"]),
        ("scipy>=1.17,<2", ["scipy>=1.17,<2"]),
        ("numpy >= 2", ["numpy >= 2"]),
        ("dask[complete,array]==2026.8.0, jq", ["dask[complete,array]==2026.8.0", "jq"]),
        ('"3.13", "3.11"', ["3.13", "3.11"]),
        ("scanner --input {archive}", ["scanner", "--input", "{archive}"]),
    ],
)
def test_one_text_for_a_list_is_split(text: str, parts: list[str]) -> None:
    assert entries(text) == parts
