"""Words of other programs: what is said of each, written into the matrix, is a field that it takes."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from image_matrix.config.document import Documents
from image_matrix.config.foreign_words import answered, provided
from image_matrix.config.schema import schema
from image_matrix.config.shape_errors import check_shape
from image_matrix.config.synonyms import WORDS, Word
from image_matrix.config.yaml_loader import parse

SCHEMA = schema()
MATRIX = {"version": 1, "registry": "ghcr.io/example/notebooks"}
SAMPLES: dict[str, Any] = {
    "axes": {"python": "3.13"},
    "texts": "3.13",
    "text": "5.5.0",
    "platforms": "amd64",
    "memory": "4G",
    "count": 2,
    "devices": {"cuda": 1},
    "overrides": {"base": {"timeout_minutes": 60}},
    "provider": {"provider": "uv"},
    "snapshot": {"snapshot": "2026-11-01"},
}
"""Placeholder of the table to a value that somebody may have written; of others the example of the schema."""
OF = {"text": "base", "list": ["base"], "mapping": {"base": {}}, "": "base"}
PLACES = [(word, where) for word in WORDS for where in word.where]


def ids(value: object) -> str:
    return value.words[0] if isinstance(value, Word) else str(value)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    return {**SCHEMA["$defs"].get(part.get("$ref", "").rpartition("/")[2], {}), **part}


def sub_schema(path: tuple[str, ...]) -> dict[str, Any]:
    """What the schema says of a path, names and positions being anything that is no field."""
    here = SCHEMA
    for step in path:
        parts = [resolved(here), *(resolved(part) for part in resolved(here).get("anyOf", ()))]
        below = [part["properties"][step] for part in parts if step in part.get("properties", {})]
        below += [part[key] for key in ("additionalProperties", "items") for part in parts if part.get(key)]
        here = next(part for part in below if isinstance(part, dict))
    return resolved(here)


def sentinel(value: Any, path: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """Where a value stands that has been put into a field of the table."""
    if value == "SENTINEL":
        return path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((at for step, item in inner if (at := sentinel(item, (*path, str(step)))) is not None), None)


def sample(word: Word, key: str, where: str) -> Any:
    placeholder = re.search(r"(?<!\{)\{(\w+)\}", word.ours.replace("{word}", ""))
    if placeholder is None or re.match(r"(\w+|\{word\}): ", word.ours) is None:
        return OF[word.of]
    if placeholder[1] == "devices" and "sites" in where:
        return {"cuda": {"runtime_class": "nvidia"}}
    if placeholder[1] in SAMPLES:
        return SAMPLES[placeholder[1]]
    names = re.findall(r"(?<!\{)\{(\w+)\}", word.ours)
    filled = word.ours.format_map(
        dict.fromkeys(names, "SENTINEL") | {"word": key, "host": "quay.io", "owner": "own"}
    )
    at = sentinel(parse(filled, "x")[0].value)  # type: ignore[union-attr]
    owner = where.split(".") if where and not word.under.startswith(".") else []
    under = [step for step in word.under.removeprefix(".").split(".") if step]
    return sub_schema((*owner, *under, *(at or ())))["examples"][0]


def put(matrix: Any, path: tuple[str | int, ...], fields: dict[str, Any]) -> None:
    """Put fields into the mapping at a path, as somebody does who follows the help."""
    for at, step in enumerate(path):
        if isinstance(matrix, dict) and step not in matrix:
            matrix[step] = [{"match": {"image": "own"}}] if path[at + 1 : at + 2] == (0,) else {}
        matrix = matrix[step]
    matrix.update(fields)


def place(where: str) -> tuple[str | int, ...]:
    steps = where.split(".") if where else []
    return tuple(
        step if step != "*" else 0 if steps[at - 1] == "overrides" else "own" for at, step in enumerate(steps)
    )


@pytest.mark.parametrize(("word", "where"), PLACES, ids=ids)
def test_the_help_written_into_the_matrix_is_a_field(word: Word, where: str) -> None:
    path = place(where)
    for key in word.words:
        matrix = deepcopy(MATRIX)
        put(matrix, path, {key: (value := sample(word, key, where))})
        help_ = answered(path, key, {key: value}, {})
        assert help_
        snippets = [text for text in re.findall("`([^`]+)`", help_) if re.match(r"\w+: ", text)]
        assert snippets or re.match(r"remove it|write a template|name the", help_), help_
        for snippet in snippets:
            at_the_top = word.under.startswith(".") or f"{snippet}` at the top" in help_
            owner = () if at_the_top else path[:-1] if "beside" in help_ else path
            owner = ("images", "own") if "at the image" in help_ else owner
            changed = deepcopy(MATRIX)
            document = parse(snippet, "x")[0]
            assert document is not None
            put(changed, owner, document.value)
            faults = [
                item for item in check_shape(Documents(changed, ())) if item.rule.code in ("IM101", "IM102")
            ]
            assert not faults, (help_, faults)


def test_no_word_is_a_field_where_it_is_answered() -> None:
    for word, where in PLACES:
        parts = [sub_schema(tuple(where.split(".")) if where else ())]
        parts += [resolved(part) for part in parts[0].get("anyOf", ())]
        fields = {name for part in parts for name in part.get("properties", {})}
        assert not fields & set(word.words), (word.words, where)


def test_a_word_is_answered_once_at_a_place_for_a_type() -> None:
    """One that asks for a key of its mapping stands before the one for all mappings, which would hide it."""
    seen: set[tuple[str, str, str, str]] = set()
    for word, where in PLACES:
        for key in word.words:
            assert not {(key, where, word.of, word.has), (key, where, word.of, "")} & seen, (key, where)
            seen.add((key, where, word.of, word.has))


@pytest.mark.parametrize(
    ("path", "mapping", "help_"),
    [
        (("images", "lab"), {"parent": "base"}, "write `from: base`"),
        (("images", "lab"), {"dependsOn": ["base"]}, "write `from: base`"),
        (("images", "lab"), {"python": "3.10"}, 'write `axes: {python: ["3.10"]}`'),
        (("images", "lab"), {"python": {"provider": "conda"}}, "write `python_provider: conda`"),
        (("images", "lab"), {"environment": ["A=b", "C=d"]}, "write `env: {A: b, C: d}`"),
        (("sizes", "big"), {"mem_limit": "8G", "mem_guarantee": "4G"},
         "write `memory: {limit: 8Gi, guarantee: 4Gi}`"),
        (("sizes", "big"), {"accelerator": {"cuda": 2}}, "write `devices: {nvidia.com/gpu: 2}`"),
        (("images", "lab"), {"free_disk": True},
         "write `workflow: {overrides: [{match: {image: lab}, free_disk: true}]}` at the top of the matrix"),
        ((), {"sign": "cosign", "scan": "grype"}, "write `release: {sign: cosign, scan: grype}`"),
        ((), {"frontend": "docker.io/docker/dockerfile:1", "network": {}},
         "write `frontend: docker.io/docker/dockerfile:1` below `network:`"),
        (("images", "lab"), {"pip_index": "https://example.org/simple", "pip": ["scipy"]},
         "write `index_url: https://example.org/simple` below `pip:`, and its list as `packages:`"),
        (("images", "lab"), {"extra_index_url": "https://example.org/simple", "pip": ["scipy"]},
         "write `extra_index_urls: [https://example.org/simple]` below `pip:`, and its list as `packages:`"),
        (("profiles", "a", "images", "b"), {"env": {"A": "b"}, "default_url": "/lab"},
         "write `kubespawner_override: {environment: {A: b}, default_url: /lab}`"),
        (("profiles", "a", "overrides", 0), {"site": "hub"}, "write `match: {site: hub}`"),
        (("sites", "hub"), {"chart_version": "4.4.0"}, "write `chart: 4.4.0`"),
        ((), {"apt": {"snapshot": "2026-11-01"}}, "write `defaults: {images: {apt: {snapshot: true}}}`"),
        ((), {"apt": {"snapshot": True, "packages": ["git"]}}, "write `defaults: {images: {apt: {snapshot: true}}}`"),
        ((), {"apt": {"snapshot": ["debian"]}}, "write `defaults: {images: {apt: {snapshot: [debian]}}}`"),
        ((), {"apt_snapshot": "2026-11-01"}, "write `defaults: {images: {apt: {snapshot: true}}}`"),
        (("images", "lab"), {"conda_channels": ["bioconda"]}, "write `conda: {channels: [bioconda]}`"),
        (("images", "lab"), {"conda_file": "environment.yml"}, "write `conda: {files: [environment.yml]}`"),
    ],
)  # fmt: skip
def test_a_word_is_answered_with_ours(path: tuple[str, ...], mapping: dict[str, Any], help_: str) -> None:
    matrix = {"accelerators": {"cuda": {"device": "nvidia.com/gpu"}}, **(mapping if not path else {})}
    assert answered(path, next(iter(mapping)), mapping, matrix) == help_


def test_what_is_there_in_another_word_is_not_missing() -> None:
    assert provided(("sources", "debian"), {"ref": "docker.io/library/debian:13"}) == {"image"}
    assert provided((), {"services": {}}) == {"images"}
    assert provided(("sizes", "small", "overrides", 0), {"site": "hub"}) == {"match"}
    text = "version: 1\nregistry: r.io/a\nservices: {a: {from: b}}\n"
    document, _ = parse(text, "matrix.yaml")
    assert document is not None
    assert [item.rule.code for item in check_shape(Documents(document.value, (document,)))] == ["IM101"]
