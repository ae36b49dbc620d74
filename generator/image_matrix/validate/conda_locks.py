"""Checks images that take their conda packages from a lock file, in which nothing can be added or chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.conda_lock import SUBDIRS, name_and_version_of
from image_matrix.config.lineage import lineage
from image_matrix.config.package_names import package_name
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.conda_lock import CondaLock
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

MOST_NAMES = 8


def _locked(expanded: Mapping[str, Variant]) -> Iterator[tuple[Variant, CondaLock]]:
    return ((item, item.conda_lock) for item in expanded.values() if item.conda_lock)


def _path(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Path:
    """Return where the matrix names the lock file of a variant."""
    setting = resolution_of(matrix, expanded, item).scalars["conda_lock"]
    return (*setting.origin.path, "conda", "files", 0)


def missing_platforms(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Lock files without the packages of a platform that the image is built for."""
    for item, lock in _locked(expanded):
        missing = [arch for arch in item.archs if SUBDIRS.get(arch) not in lock.packages]
        if missing:
            subdirs = [SUBDIRS.get(arch, f"linux-{arch}") for arch in missing]
            problem = f"has no packages for {listed([f'linux/{arch}' for arch in missing], MOST_NAMES)}"
            options = " ".join(f"--platform {name}" for name in (*lock.packages, *subdirs))
            advice = (
                f"lock for {listed(subdirs, MOST_NAMES)} too (`conda-lock lock {options}`, or `platforms` in "
                f"pixi.toml), or limit `platforms` of `{item.image}`"
            )
            fields = {"file": lock.file, "problem": problem, "advice": advice}
            yield rules.CONDA_LOCK.at(_path(matrix, expanded, item), **fields)


def beside_others(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Packages that are listed beside a lock file, which somebody would have to solve for again."""
    for item, lock in _locked(expanded):
        others = [name for name in item.packages.get("conda", ()) if name not in lock.entries]
        if others:
            problem = f"has all conda packages of `{item.image}`, and not {listed(others, MOST_NAMES)}"
            advice = "add it to the environment that the file locks and lock again, or list it in an image on this one"
            fields = {"file": lock.file, "problem": problem, "advice": advice}
            yield rules.CONDA_LOCK.at(_path(matrix, expanded, item), **fields)


def of_pip(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Packages of pip in a lock file that the image does not install with pip."""
    for item, lock in _locked(expanded):
        chain = lineage(expanded, item)
        installed = {package_name("pip", one) for each in chain for one in each.packages.get("pip", ())}
        missing = [one for one in lock.pip if package_name("pip", one) not in installed]
        if missing:
            problem = "has packages of pip, which conda does not install"
            advice = f"list them for `{item.image}`: `pip: [{', '.join(missing)}]`"
            fields = {"file": lock.file, "problem": problem, "advice": advice}
            yield rules.CONDA_LOCK.at(_path(matrix, expanded, item), **fields)


def without_python(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Lock files of images whose Python is conda's, and that have none or another one."""
    for item, lock in _locked(expanded):
        python = item.values.get("python")
        if item.python_provider != "conda" or item.foreign or item.parent or not python:
            continue
        versions = {
            version
            for urls in lock.packages.values()
            for name, version in map(name_and_version_of, urls)
            if name == "python"
        }
        if all(f"{version}.".startswith(f"{python}.") for version in versions) and versions:
            continue
        problem = f"has Python {'/'.join(sorted(versions))}" if versions else "has no Python"
        advice = f"lock an environment with `python={python}`, or change the axis `python` of `{item.image}`"
        fields = {"file": lock.file, "problem": problem, "advice": advice}
        yield rules.CONDA_LOCK.at(_path(matrix, expanded, item), **fields)
