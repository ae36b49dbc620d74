"""What development and CI install is pinned, and by the same versions everywhere; `make pins` writes the pins."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from image_matrix.pinned.actions import tool_version
from tests import environments
from tools.reference import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterable

PIN = re.compile(
    r"^([A-Za-z0-9._-]+)==(\S+)(?: ; .+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\\n|\n))+)", re.MULTILINE
)
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
DEV = REPOSITORY / "requirements-dev.txt"
PINNED = {
    DEV: (*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["dev"]),
    **{path.with_suffix(".txt"): path.read_text().split() for path in Path(environments.HERE).glob("*.in")},
}


def pins(path: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version, _ in PIN.findall(path.read_text())}


@pytest.mark.parametrize(("path", "wanted"), PINNED.items(), ids=lambda it: getattr(it, "name", ""))
def test_every_requirement_has_its_pin(path: Path, wanted: Iterable[str]) -> None:
    found = pins(path)
    for requirement in map(Requirement, wanted):
        assert found[canonicalize_name(requirement.name)] in requirement.specifier, path.name


@pytest.mark.parametrize("path", PINNED, ids=lambda it: getattr(it, "name", ""))
def test_pins_are_versions_with_hashes_and_nothing_else(path: Path) -> None:
    assert not PIN.sub("", path.read_text()).strip()


def needed(names: Iterable[str]) -> set[str]:
    """Everything that is installed for these, on this machine."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            further = (Requirement(text) for text in distribution(name).requires or ())
            waiting += [
                canonicalize_name(one.name)
                for one in further
                if one.marker is None or one.marker.evaluate({"extra": ""})
            ]
    return found


def test_the_extra_holds_everything_at_the_versions_of_the_tests() -> None:
    locked = [Requirement(text) for text in PROJECT["project"]["optional-dependencies"]["locked"]]
    here = {canonicalize_name(one.name): one for one in locked if one.marker is None or one.marker.evaluate()}
    wanted = needed(Requirement(text).name for text in PROJECT["project"]["dependencies"])
    assert set(here) == wanted
    for name, requirement in here.items():
        assert [one.operator for one in requirement.specifier] == ["=="]
        assert version(name) in requirement.specifier


def test_workflows_run_the_uv_that_is_tested() -> None:
    ci = yaml.safe_load((REPOSITORY / ".github/workflows/ci.yaml").read_text())
    (version,) = (
        step["with"]["version"] for step in ci["jobs"]["checks"]["steps"] if step["name"] == "Set up uv"
    )
    assert version == tool_version("uv") == pins(DEV)["uv"]


def test_hooks_run_the_tools_of_the_lint() -> None:
    config = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())
    asked = [
        one
        for repo in config["repos"]
        for hook in repo["hooks"]
        for one in hook.get("additional_dependencies", ())
    ]
    assert asked
    for requirement in map(Requirement, asked):
        assert pins(DEV)[canonicalize_name(requirement.name)] in requirement.specifier


def test_what_builds_the_package_is_pinned_with_everything_that_it_needs() -> None:
    """`.` and `git+` of build.generator build a wheel in jobs that may write: nothing of it may float."""
    pinned = {one.name: one for one in map(Requirement, PROJECT["build-system"]["requires"])}
    assert set(pinned) == needed(["hatchling"])
    for name, requirement in pinned.items():
        assert str(requirement.specifier) == f"=={pins(DEV)[canonicalize_name(name)]}"
