"""Knows what ``lock --upgrade`` can name, and what moves a package that has no entry of its own in the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.package_names import package_name
from image_matrix.diagnostics import did_you_mean
from image_matrix.errors import CallError
from image_matrix.lock.extension_pins import listed_extensions
from image_matrix.lock.python import package_of
from image_matrix.lock.read import required_files
from image_matrix.lock.refreshed import names_to_refresh, without_day
from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.sources import used_references

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager
    from image_matrix.lock.model import Lock

TOGETHER: Mapping[Manager, str] = {
    "apt": "what apt installs moves together",
    "conda": "what conda installs moves together",
    "cran": "R packages move together",
}
"""Installers whose packages have no names of their own for ``--upgrade``, which takes the installer's name."""


def check_names(loaded: Loaded, old: Lock, upgraded: tuple[str, ...]) -> None:
    """Raise :class:`CallError` for a name that is nothing in this matrix and its lock."""
    known = known_names(loaded, old)
    for name in upgraded:
        if name not in known and upgraded != ALL:
            advice = without_day(loaded, name) or _group_advice(loaded, name) or _alike(loaded, name, known)
            raise CallError(f"nothing in the lock is called `{name}`", advice)


def known_names(loaded: Loaded, old: Lock) -> set[str]:
    """Return every name that ``--upgrade`` accepts."""
    references = {reference: item.name for reference, item in used_references(loaded).items()}
    packages = {package_of(item) for entry in old.python.values() for item in entry.items}
    files = {item.name for item in required_files(loaded)}
    extensions = {*listed_extensions(loaded).values(), *old.extensions}
    needs = (name for item in old.extensions.values() for name in item.needs)
    names = {*(entry.partition("@")[0] for entry in extensions), *needs}
    images = names_to_refresh(loaded)
    return {*references, *references.values(), *files, *extensions, *names, *packages, *images, *TOGETHER}


def _group_advice(loaded: Loaded, name: str) -> str | None:
    """Return what moves a package that the matrix lists for such an installer."""
    for manager, sentence in TOGETHER.items():
        entries = (entry for item in loaded.variants.values() for entry in item.packages.get(manager, ()))
        if any(package_name(manager, entry) == name for entry in entries):
            return f"{sentence}: `image-matrix lock --upgrade {manager}`"
    return None


def _alike(loaded: Loaded, name: str, known: Collection[str]) -> str:
    """Return the names that are similar; else also that the packages of apt have none."""
    advice = did_you_mean(name, known)
    has_apt = any(item.packages.get("apt") for item in loaded.variants.values())
    if advice.startswith("did you mean") or not has_apt:
        return advice
    return f"{advice}; for a package of apt: `image-matrix lock --upgrade apt`"
