"""This repository's own matrix: what is committed is what it renders to, and linters agree with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from image_matrix.cli import run
from image_matrix.config.model import MANAGERS, Settings
from image_matrix.config.schema import schema_text

ROOT = Path(__file__).parent.parent
SCHEMA: dict[str, Any] = json.loads(schema_text())
SCRIPTS = Path(sysconfig.get_path("scripts"))
_SUBSCHEMAS = ("additionalProperties", "items", "propertyNames")


def tool(*command: str) -> None:
    done = subprocess.run(
        [str(SCRIPTS / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def subschemas(schema: dict[str, Any], path: str = "#") -> list[tuple[str, dict[str, Any]]]:
    """Return every schema in the schema with its path."""
    found = [(path, schema)]
    for group in ("properties", "$defs"):
        for name, item in schema.get(group, {}).items():
            found += subschemas(item, f"{path}/{group}/{name}")
    for keyword in _SUBSCHEMAS:
        if isinstance(schema.get(keyword), dict):
            found += subschemas(schema[keyword], f"{path}/{keyword}")
    for at, item in enumerate(schema.get("anyOf", [])):
        found += subschemas(item, f"{path}/anyOf/{at}")
    return found


EVERY = subschemas(SCHEMA)
resolved = {
    path: {**SCHEMA["$defs"].get(item.get("$ref", "").rpartition("/")[2], {}), **item} for path, item in EVERY
}


def test_what_is_committed_is_what_is_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["-C", str(ROOT), "check"])
    shown = capsys.readouterr()
    assert (code, shown.out) == (0, ""), shown.err
    # whoever copies this repository sets the registry; nothing else is warned of
    assert re.findall(r"warning\[(\w+)\]", shown.err) == ["IM805"]


@pytest.mark.slow
def test_hadolint_has_nothing_to_say() -> None:
    files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("images/*/*/Dockerfile"))
    assert files
    tool("hadolint", "--config", ".hadolint.yaml", *files)


def test_yamllint_has_nothing_to_say() -> None:
    tool("yamllint", "--strict", "matrix.yaml")


@pytest.mark.slow
def test_another_validator_agrees() -> None:
    tool("check-jsonschema", "--schemafile", "generator/image_matrix/config/schema.json", "matrix.yaml")


@pytest.mark.slow
def test_the_schema_is_one() -> None:
    tool("check-jsonschema", "--check-metaschema", "generator/image_matrix/config/schema.json")
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_field_is_explained() -> None:
    for path, item in resolved.items():
        assert item.get("title"), path
        assert item.get("description"), path


def test_every_example_is_one() -> None:
    """Also what a field's default and every constant are."""
    for path, item in resolved.items():
        own = {key: value for key, value in item.items() if key != "$ref"}
        validator = jsonschema.Draft202012Validator({**own, "$defs": SCHEMA["$defs"]})
        defaults = [item["default"]] if "default" in item else []
        for example in [*item.get("examples", []), *defaults] if path != "#" else ():
            assert validator.is_valid(example), (path, example)


def test_a_text_has_an_example() -> None:
    """Messages quote it: see ``_like`` in generator/image_matrix/config/schema.py."""
    for path, item in resolved.items():
        if item.get("type") == "string" and ("pattern" in item or "anyOf" not in item):
            assert item["examples"], path


def test_objects_are_closed() -> None:
    for path, item in EVERY:
        if item.get("type") == "object":
            assert "additionalProperties" in item, path


def test_images_and_overrides_set_the_same_fields() -> None:
    image, override = (set(SCHEMA["$defs"][name]["properties"]) for name in ("image", "override"))
    assert override - {"match"} == image - {"axes", "exclude", "overrides"}
    assert set(SCHEMA["properties"]["bundles"]["additionalProperties"]["properties"]) == {
        *MANAGERS,
        "files",
        "path",
        "scripts",
        "tests",
        "provides",
    }


def test_the_model_has_the_fields_of_the_schema() -> None:
    named = {
        "source": "from",
        "packages": "apt",
        "apt_repositories": "apt",
        "apt_files": "apt",
        "extra_index_urls": "pip",
        "index_url": "pip",
        "cran_snapshot": "cran",
        "system_libraries": "cran",
        "channels": "conda",
        "conda_lock": "conda",
    }
    fields = set(SCHEMA["$defs"]["image"]["properties"])
    assert {named.get(name, name) for name in Settings.__dataclass_fields__} - {"taken_away"} <= fields


def test_the_package_is_typed_and_its_schema_ships() -> None:
    script = "from image_matrix.config.schema import schema_text; print(len(schema_text()))"
    shown = subprocess.run(
        [sys.executable, "-c", script], cwd="/", capture_output=True, text=True, check=True
    )
    assert int(shown.stdout) == len(schema_text())
