"""Nothing in matrix.yaml can inject: the rendered files keep their structure, or the matrix is refused."""

from __future__ import annotations

import copy
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import dockerfile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_matrix.diagnostics import MatrixError
from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_all
from tests.laws import examples

FULL: dict[str, Any] = json.loads((Path(__file__).parent / "full.json").read_text(encoding="utf-8"))
"""A matrix with every field that takes a text."""


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for at, item in enumerate(value) for leaf in _leaves(item, (*path, at))]
    return [path] if isinstance(value, str) else []


LEAVES = _leaves(FULL)
NASTY = st.one_of(
    st.sampled_from(
        [
            "\nRUN id", "\r\nRUN id", "\\\nRUN id", "\u2028RUN id", "\u2029RUN id", "\x85RUN id", "\x0bRUN id",
            "\x0cRUN id", "\nEOF\nRUN id\n", "EOF", "<<EOF", "<<'EOF' cat", "'", '"', "\\", '\\"', "\\'", "$(id)",
            "`id`", "$HOME", "${PATH}", "; id", "&& id", "| id", "> /x", "# x", " # syntax=evil/x", "--mount=type=bind",
            "{{ 7 * 7 }}", "{% raw %}", "{version}", "\x00", "\x1b[31m", "%0A", "\ufeff", " ", "  a  ", "-",
            "--index-url=x", "*", "?", "~", "!x", "(", ")", "a,b=c", "a=b c=d", "@evil/x", "../..", "//", "\t",
        ]
    ),
    # an empty description has no paragraph in the catalog, so the page has another structure
    st.text(min_size=1, max_size=12),
    st.text(alphabet="'\"\\$`;&|<>(){}[]#!*?~ \t\r\nEOFRUN=,:@-\u2028\x85", min_size=1, max_size=16),
)  # fmt: skip


@st.composite
def poisoned(draw: st.DrawFn) -> dict[str, Any]:
    """The full matrix with one or two texts replaced, or with something nasty before, in or behind them."""
    value = copy.deepcopy(FULL)
    for path in draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=2)):
        owner: Any = value
        for step in path[:-1]:
            owner = owner[step]
        old = owner[path[-1]]
        cut = draw(st.integers(0, len(old)))
        keep = draw(st.booleans())
        nasty = draw(NASTY)
        owner[path[-1]] = old[:cut] + nasty + old[cut:] if keep else nasty
    return value


@st.composite
def poisoned_keys(draw: st.DrawFn) -> dict[str, Any]:
    """The full matrix with a name that users choose replaced."""
    value = copy.deepcopy(FULL)
    section = draw(
        st.sampled_from(["axes", "sources", "downloads", "accelerators", "bundles", "images", "env"])
    )
    owner = value["images"]["all"]["env"] if section == "env" else value[section]
    old = draw(st.sampled_from(sorted(owner)))
    cut = draw(st.integers(0, len(old)))
    owner[old[:cut] + draw(NASTY) + old[cut:]] = owner.pop(old)
    return value


TEMPLATES = read_templates(Path(__file__).parent)


def rendered(value: dict[str, Any]) -> dict[str, str]:
    loaded = load({"matrix.yaml": json.dumps(value)}, TEMPLATES.kinds)
    files = render_all(loaded, Pins(), TEMPLATES)
    return {path: file.content.decode() for path, file in files.items() if "/rootfs/" not in path}


def structure(files: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the instructions of every Dockerfile, in the order of their paths, and the shape of the other files."""
    found = []
    for path, text in files.items():
        if path.endswith("Dockerfile"):
            parsed = dockerfile.parse_string(text)
            found.append((*(command.cmd for command in parsed), *_mounts(parsed)))
        elif path.endswith(".json"):
            found.append(("json", str(len(json.loads(text)["target"]))))
        else:
            found.append(
                ("page", *(line[:2] for line in text.split("\n") if line[:1] in ("#", "|", "`", "<")))
            )
    return sorted(found)


def _mounts(parsed: tuple[dockerfile.Command, ...]) -> list[str]:
    """Return the flags of all instructions; a cache is named after the source, which is the user's choice."""
    return [flag.partition(",id=apt-")[0] for command in parsed for flag in command.flags]


@cache
def harmless() -> list[tuple[str, ...]]:
    return structure(rendered(FULL))


def scripts(files: dict[str, str]) -> list[str]:
    """Return every here-document of every RUN."""
    found = []
    for path, text in files.items():
        if path.endswith("Dockerfile"):
            lines = text.split("\n")
            for command in dockerfile.parse_string(text):
                if command.cmd.upper() == "RUN" and command.value[-1] == "<<EOF":
                    body = lines[command.start_line - 1 : command.end_line]
                    start = next(at for at, line in enumerate(body) if line.endswith("<<EOF"))
                    assert body[-1] == "EOF"
                    assert "EOF" not in body[start + 1 : -1]
                    found.append("\n".join(body[start + 1 : -1]))
    return found


def check(value: dict[str, Any]) -> None:
    try:
        files = rendered(value)
    except MatrixError:
        return
    assert structure(files) == harmless()
    for path, text in files.items():
        assert not set(text) & set("\x00\x0b\x0c\r\x85\u2028\u2029"), path
    script = "\n".join(f"f{at}() {{\n{text}\n}}" for at, text in enumerate(scripts(files)))
    parsed = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert (parsed.returncode, parsed.stderr) == (0, "")


@settings(max_examples=examples(150))
@given(poisoned())
def test_no_value_adds_an_instruction(value: dict[str, Any]) -> None:
    check(value)


@settings(max_examples=examples(60))
@given(poisoned_keys())
def test_no_name_adds_an_instruction(value: dict[str, Any]) -> None:
    check(value)


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_a_line_break_with_an_instruction_is_refused_everywhere(path: tuple[str | int, ...]) -> None:
    value = copy.deepcopy(FULL)
    owner: Any = value
    for step in path[:-1]:
        owner = owner[step]
    owner[path[-1]] += "\nRUN id"
    with pytest.raises(MatrixError):
        rendered(value)


def test_the_full_matrix_is_full() -> None:
    """Every field of the schema that takes a text stands in it."""
    schema = json.loads(Path("generator/image_matrix/config/schema.json").read_text(encoding="utf-8"))
    fields = {
        name for owner in ("image", "override", "download", "accelerator") for name in _texts(schema, owner)
    }
    used = {step for path in LEAVES for step in path}
    assert fields <= used


def _texts(schema: dict[str, Any], owner: str) -> list[str]:
    return [
        name
        for name, field in schema["$defs"][owner]["properties"].items()
        if field.get("type") in ("string", "array") or "$ref" in field
    ]


def test_the_harmless_one_has_every_kind_of_step() -> None:
    text = "\n".join(scripts(rendered(FULL)))
    for tool in (
        "apt-get install",
        "uv pip install",
        "micromamba install",
        "install.packages",
        "npm install",
    ):
        assert tool in text
    assert "--install-extension" in text
