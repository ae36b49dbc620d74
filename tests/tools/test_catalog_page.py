"""The examples of docs/catalog.md, pasted in their order into the matrix that ``init`` writes."""

from __future__ import annotations

import re
import textwrap
from importlib import resources
from typing import TYPE_CHECKING

from image_matrix.cli import run
from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from image_matrix.config.loaded import Loaded

SCAFFOLD = resources.files("image_matrix") / "project/scaffold/matrix.yaml"


def page() -> str:
    return (REPOSITORY / "docs/catalog.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page(), flags=re.MULTILINE | re.DOTALL)


def sections(text: str) -> dict[str, str]:
    """The text of each section, by its name."""
    parts = re.split(r"^(?=[a-z]+:)", text, flags=re.MULTILINE)
    return {part.partition(":")[0]: part for part in parts[1:]}


def replaced(matrix: str, example: str) -> str:
    """A matrix with the sections of an example in place of those of the same name."""
    parts = {name: f"{part.rstrip()}\n" for name, part in {**sections(matrix), **sections(example)}.items()}
    return "".join(parts.values())


def scaffold() -> str:
    return SCAFFOLD.read_text(encoding="utf-8")


def loaded(text: str) -> Loaded:
    result = load({"matrix.yaml": text}, read_templates(REPOSITORY).kinds)
    assert not [warning for warning in result.warnings if warning.code != "IM805"]
    return result


def test_the_examples_load_in_the_matrix_of_a_new_repository() -> None:
    first, sites, source, choices, _ = examples()
    new = replaced(scaffold(), first)
    assert list(loaded(new).matrix.catalog.profiles) == ["data-science", "notebook"]
    several = loaded(replaced(new, sites)).matrix.catalogs
    assert list(several) == ["staging", "research", "teaching", "notebooks"]
    assert [name for name, catalog in several.items() if "models" in catalog.profiles] == [
        "staging",
        "research",
    ]
    assert new.count("sources:\n") == 1
    with_source = new.replace("sources:\n", f"sources:\n{source}")
    assert list(loaded(replaced(with_source, choices)).matrix.catalog.profiles) == ["science"]
    (kept,) = re.findall(r"^    (sites: \{hub: .*)$", page(), flags=re.MULTILINE)
    assert loaded(replaced(new, kept)).matrix.catalog.site.extra_profiles


def test_the_example_with_devices_loads_in_the_matrix_of_this_repository() -> None:
    reference = (REPOSITORY / "matrix.yaml").read_text(encoding="utf-8")
    catalog = loaded(replaced(reference, examples()[-1])).matrix.catalog
    assert list(catalog.profiles) == ["gpu", "gaudi"]
    assert catalog.site.devices["nvidia.com/gpu"].runtime_class == "nvidia"


def test_the_first_example_prints_what_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for the hashes: they follow every change of a template."""
    (tmp_path / "matrix.yaml").write_text(replaced(scaffold(), examples()[0]), encoding="utf-8")
    assert run(["-C", str(tmp_path), "profiles", "show"]) == 0
    (shown,) = re.findall(r"^    profile  .*?\n\n", page(), flags=re.MULTILINE | re.DOTALL)
    assert without_hashes(capsys.readouterr().out) == without_hashes(textwrap.dedent(shown))


def without_hashes(text: str) -> str:
    return re.sub(r"-[0-9a-f]{12}$", "", text.strip(), flags=re.MULTILINE)
