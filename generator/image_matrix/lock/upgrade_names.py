"""Knows what ``lock --upgrade`` can name, and what moves a package that has no entry of its own in the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.package_names import folded, package_name
from image_matrix.config.requirement import pinned
from image_matrix.diagnostics import did_you_mean
from image_matrix.diagnostics.redact import conceal
from image_matrix.errors import CallError
from image_matrix.lock.extension_pins import listed_extensions
from image_matrix.lock.fingerprint import requested
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.python import package_of
from image_matrix.lock.read import required_files
from image_matrix.lock.refreshed import names_to_refresh, without_day
from image_matrix.lock.resolver_api import ALL
from image_matrix.lock.sources import used_references
from image_matrix.registry.reference import parse_reference
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager
    from image_matrix.lock.model import Lock

MOST_PINS = 5
"""Lines of the matrix that one sentence names."""
TOGETHER: Mapping[Manager, str] = {
    "apt": "what apt installs moves together",
    "conda": "what conda installs moves together",
    "cran": "R packages move together",
}
"""Installers whose packages have no names of their own for ``--upgrade``, which takes the installer's name."""


def names_in_lock(loaded: Loaded, old: Lock, upgraded: tuple[str, ...]) -> tuple[str, ...]:
    """Return what users name as the lock has it: Python packages as PEP 503 writes them, an image as its variants.

    A name that a package and an image share is the package. Raises :class:`CallError` for a name that is nothing in
    this matrix and its lock.
    """
    if upgraded == ALL:
        return ALL
    known, dated = known_names(loaded, old), names_to_refresh(loaded)
    names: dict[str, None] = {}
    for name in upgraded:
        plain = folded(name)
        variants = [] if name in known else _asking_for_packages(loaded, name)
        if name in known or name in dated:
            names |= dict.fromkeys((name, *variants))
        elif plain in _packages(old):
            names[plain] = None
        elif variants:
            names |= dict.fromkeys(variants)
        else:
            advice = without_day(loaded, name) or _group_advice(loaded, name)
            advice = advice or _alike(loaded, name, known | dated)
            raise CallError(f"nothing in the lock is called `{name}`", advice)
    return tuple(names)


def pinned_lines(loaded: Loaded, names: Collection[str]) -> str | None:
    """Return where the matrix pins what ``--upgrade`` names, so that it stays; ``None`` if it pins nothing of it."""
    pins = dict.fromkeys(_pinned_sources(loaded, names))
    for variant in loaded.variants.values():
        for text, path in requirement_lines(loaded, variant):
            version = pinned(text) or "*"
            if "*" not in version and {package_name("pip", text), variant.id} & {*names}:
                place = loaded.documents.place(path)
                pins[f"{place.file}:{place.line} pins {conceal(text)}"] = None
    it = "it" if len(pins) == 1 else "them"
    return f"{listed(pins, MOST_PINS)}: change {it} there" if pins else None


def _pinned_sources(loaded: Loaded, names: Collection[str]) -> Iterator[str]:
    """Yield where the matrix writes the digest of a source, or of the frontend."""
    for reference, item in used_references(loaded).items():
        digest = parse_reference(reference).digest
        if digest and {reference, item.name} & {*names}:
            path = ("network", "frontend") if item.is_frontend else ("sources", item.name)
            place = loaded.documents.place(path)
            yield f"{place.file}:{place.line} pins {item.name} to {digest}"


def _asking_for_packages(loaded: Loaded, name: str) -> list[str]:
    """Return the variants of an image, or the one of that name, that ask for Python packages."""
    return [
        item.id
        for item in loaded.variants.values()
        if name in (item.image, item.id) and requested(item, "pip")
    ]


def _packages(old: Lock) -> set[str]:
    return {package_of(item) for entry in old.python.values() for item in entry.items}


def known_names(loaded: Loaded, old: Lock) -> set[str]:
    """Return every name that ``--upgrade`` accepts as it is, but for images."""
    references = {reference: item.name for reference, item in used_references(loaded).items()}
    files = {item.name for item in required_files(loaded)}
    extensions = {*listed_extensions(loaded).values(), *old.extensions}
    needs = (name for item in old.extensions.values() for name in item.needs)
    names = {*(entry.partition("@")[0] for entry in extensions), *needs}
    return {*references, *references.values(), *files, *extensions, *names, *_packages(old), *TOGETHER}


def _group_advice(loaded: Loaded, name: str) -> str | None:
    """Return what moves a package that the matrix lists for an installer whose packages have no names in the lock."""
    for manager, sentence in TOGETHER.items():
        if _lists(loaded, manager, name):
            return f"{sentence}: `image-matrix lock --upgrade {manager}`"
    if _lists(loaded, "npm", name):
        return "packages of npm are not locked: change the version where the matrix lists it"
    return None


def _lists(loaded: Loaded, manager: Manager, name: str) -> bool:
    entries = (entry for item in loaded.variants.values() for entry in item.packages.get(manager, ()))
    return any(package_name(manager, entry) == name for entry in entries)


def _alike(loaded: Loaded, name: str, known: Collection[str]) -> str:
    """Return the names that are similar, of images, too; else also that the packages of apt have none."""
    images = (one for item in loaded.variants.values() for one in (item.image, item.id))
    advice = did_you_mean(name, {*known, *(one for one in images if _asking_for_packages(loaded, one))})
    has_apt = any(item.packages.get("apt") for item in loaded.variants.values())
    if advice.startswith("did you mean") or not has_apt:
        return advice
    return f"{advice}; for a package of apt: `image-matrix lock --upgrade apt`"
