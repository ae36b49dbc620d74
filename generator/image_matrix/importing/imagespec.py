"""Makes an image of a matrix from an ImageSpec, the resource by which PrimeHub's administrators describe images.

Source of the fields: PrimeHub's resource ``imagespecs.primehub.io``, version ``v1alpha1``. Its controller builds
``spec.baseImage`` with ``spec.packages`` on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics.redact import conceal
from image_matrix.importing.input_places import place_at, refusal
from image_matrix.importing.package_lists import ImportedImage, Package, PackageImage
from image_matrix.importing.sayable import sayable
from image_matrix.importing.sources import Known, source_or_image
from image_matrix.json_data import at_path
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.document import Document
    from image_matrix.config.model import Manager
    from image_matrix.diagnostics import Path

GROUP, KIND = "primehub.io/", "ImageSpec"
INSTALLERS: tuple[Manager, ...] = ("apt", "conda", "pip")
CARRIED_OVER = ("baseImage", "packages", "pullSecret")
SECRETS = "{username: NAME_OF_A_SECRET, password: NAME_OF_A_SECRET}"


def image_of(document: Document, known: Known) -> ImportedImage:
    """Return the image that an ImageSpec describes; raises :class:`CallError` where it describes none."""
    value = document.value if isinstance(document.value, dict) else {}
    if not str(value.get("apiVersion", "")).startswith(GROUP) or value.get("kind") != KIND:
        problem = "this is not an ImageSpec of PrimeHub"
        raise refusal(
            document,
            ("kind",),
            problem,
            "it begins with `apiVersion: primehub.io/v1alpha1`, `kind: ImageSpec`",
        )
    name = _text(
        document, ("metadata", "name"), "an ImageSpec needs a name", "write `metadata: {name: NAME}`"
    )
    problem, advice = (
        "an ImageSpec needs a `baseImage`",
        "write `baseImage: REFERENCE` below `spec`",
    )
    base = _text(document, ("spec", "baseImage"), problem, advice)
    start, sources = source_or_image(base, name, known)
    lists: dict[str, tuple[Package, ...]] = {}
    notes = [*_of_reference(document, base), *_of_spec(document, base)]
    for installer in INSTALLERS:
        lists[installer], left = _packages(document, installer)
        notes += left
    return ImportedImage(name, PackageImage(start, lists), sources, tuple(notes))


def _text(document: Document, path: Path, problem: str, advice: str) -> str:
    value = at_path(document.value, path)
    if not isinstance(value, str) or not value.strip():
        raise refusal(document, path, problem, advice)
    return value.strip()


def _of_reference(document: Document, base: str) -> Iterator[str]:
    if ":" not in base.rpartition("/")[2] and "@" not in base:
        place = place_at(document, ("spec", "baseImage"))
        yield f"{place}: `{base}` has no tag, so `latest` was taken; choose a tag in the matrix"


def _of_spec(document: Document, base: str) -> Iterator[str]:
    """Yield what an ImageSpec has that a matrix does not have, or has elsewhere."""
    spec = document.value["spec"]
    if spec.get("pullSecret"):
        place = place_at(document, ("spec", "pullSecret"))
        host = parse_reference(base).host
        advice = f"`network: {{logins: {{{host}: {SECRETS}}}}}`"
        yield f"not carried over: {place}: `pullSecret`; name the secrets that log in: {advice}"
    for field in spec:
        if field not in CARRIED_OVER:
            yield f"not carried over: {place_at(document, ('spec', field))}: `{field}`"


def _packages(document: Document, installer: Manager) -> tuple[tuple[Package, ...], list[str]]:
    """Return a list of packages, and notes about the entries that a matrix cannot have."""
    path = ("spec", "packages", installer)
    packages = document.value["spec"].get("packages") or {}
    if not isinstance(packages, dict):
        raise refusal(document, path[:2], "`packages` is not a mapping", "write `packages: {pip: [NAME, …]}`")
    items = packages.get(installer) or []
    if not isinstance(items, list):
        raise refusal(document, path, f"`{installer}` is not a list", f"write `{installer}: [NAME, …]`")
    entries: dict[str, Package] = {}
    notes = []
    for position, item in enumerate(items):
        text = sayable(installer, str(item))
        if text is None:
            place = place_at(document, (*path, position))
            notes.append(f"not carried over: {place}: {installer} `{conceal(str(item))}`")
        else:
            entries[text] = Package(text)
    return tuple(entries.values()), notes
