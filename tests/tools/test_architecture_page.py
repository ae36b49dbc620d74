"""docs/architecture.md is about the code as it is: its packages, their imports, and the walk of one variant."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

SOURCE = REPOSITORY / "generator/image_matrix"
PAGE = (REPOSITORY / "docs/architecture.md").read_text(encoding="utf-8")
MOST = 15
"""A walk of more functions is not one that a reader follows."""


def section(title: str) -> str:
    """Return the text below a heading."""
    text = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert text, title
    return text


def rows(title: str) -> list[str]:
    """Return what is in the first column of a section's table, where it is code."""
    return re.findall(r"^\| `([^`]+)` \|", section(title), flags=re.MULTILINE)


def steps() -> list[str]:
    """Return the functions of the walk."""
    return re.findall(r"^\d+\. `([^`]+)`:", section("From matrix.yaml to one Dockerfile"), flags=re.MULTILINE)


def dotted(path: Path) -> str:
    """Return a file's module, or a folder's package, below ``image_matrix``."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def file_of(module: str) -> Path:
    """Return the file of a module or package below ``image_matrix``."""
    path = SOURCE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def inner_imports(text: str) -> list[str]:
    """Return the functions that import a module of ``image_matrix`` when they are called."""
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return [
        function.name
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "image_matrix"
    ]


def modules_at_the_root() -> list[str]:
    """Return the modules that are in no package."""
    return sorted({path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"})


def test_every_package_has_a_row_and_every_row_a_package() -> None:
    packages = [dotted(path.parent) for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE]
    assert len(packages) > 15
    assert sorted(rows("Packages")) == sorted(packages)


def test_the_modules_at_the_root_are_named() -> None:
    named = re.findall(
        r"`(\w+)`", section("Packages").partition("none of the packages: ")[2].partition(".")[0]
    )
    assert sorted(named) == modules_at_the_root()


def test_the_layers_of_the_import_linter_are_the_table() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    (layers,) = [one["layers"] for one in settings["contracts"] if one["type"] == "layers"]
    table = list(dict.fromkeys(name.partition(".")[0] for name in rows("Packages")))
    assert layers[:-1] == ["__main__", *table]
    assert layers[-1].split(" : ") == modules_at_the_root()


WHEN_NEEDED = {
    "__main__": ["main"],
    "config.yaml_loader": ["parse"],
    "project.cached": ["cached_shape", "cached_section", "cached_meaning"],
    "project.load": ["_floating_images", "_named_images", "_linked"],
    "project.misshapen": ["misshapen", "_independent_contexts", "unlocatable_of"],
}
"""What words the errors of a file is imported with the first error, and checks when their result is not cached: they
are a third of what a command would import. The start of a command answers Ctrl-C before it imports anything."""


@pytest.mark.slow
def test_modules_of_the_package_are_imported_at_the_top() -> None:
    """But for commands, which import what they need when they are called: ``--version`` is to be quick."""
    assert inner_imports("def one():\n    from image_matrix import two\n") == ["one"]
    inner = {
        dotted(path): inner_imports(path.read_text(encoding="utf-8"))
        for path in SOURCE.rglob("*.py")
        if path.parent.name != "cli"
    }
    assert {module: functions for module, functions in inner.items() if functions} == WHEN_NEEDED


@pytest.mark.parametrize("step", steps())
def test_a_function_of_the_walk_exists(step: str) -> None:
    module, _, function = step.rpartition(".")
    tree = ast.parse(file_of(module).read_text(encoding="utf-8"))
    assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_the_walk_is_short_enough_to_follow() -> None:
    assert 10 <= len(steps()) <= MOST


def test_the_walk_is_what_render_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this order: each function is called for the first time after the one above it.

    A matrix that the user's cache knows to be sound is not checked again.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    smallest = REPOSITORY / "tests/fixtures/good/smallest/matrix.yaml"
    text = smallest.read_text(encoding="utf-8")
    (tmp_path / "matrix.yaml").write_text(f"{text}\nworkflow: none\n", encoding="utf-8")
    called: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            module = str(frame.f_globals.get("__name__", ""))
            called[f"{module.removeprefix('image_matrix.')}.{frame.f_code.co_name}"] = None

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        code = run(["-q", "-C", str(tmp_path), "render"])
    finally:
        sys.setprofile(before)
    assert code == 0
    assert [name for name in called if name in steps()] == steps()


def test_places_that_the_page_names_are_there() -> None:
    text = section("Where to put")
    functions = re.findall(r"`([a-z_]+(?:\.[a-z_]+)*)\.([a-z_]+)`", text)
    paths = re.findall(r"`([a-z_./]+/[A-Za-z_.0-9]*)`", text)
    assert len(functions) > 5
    for module, function in functions:
        assert f"def {function}(" in file_of(module).read_text(encoding="utf-8"), (module, function)
    assert len(paths) > 10
    assert [path for path in paths if not ((SOURCE / path).exists() or (REPOSITORY / path).exists())] == []
