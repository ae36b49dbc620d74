"""Checks downloads: the target of each file, and whether it is visible when the image runs."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from image_matrix.config.conda import MICROMAMBA
from image_matrix.config.home import HOME
from image_matrix.config.lineage import ancestors
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.findings import bad_value, one_machine
from image_matrix.validate.hidden_files import HIDDEN, TEMPLATE, below, invisible
from image_matrix.validate.references import settings_of, settings_of_image, uses_conda

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.downloads import Download
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

INSTALLER = (
    'micromamba: {version: "2.9.0-0", url: "https://github.com/mamba-org/micromamba-releases/releases/download/'
    '{version}/micromamba-linux-{arch}", arch: {amd64: "64", arm64: aarch64}}'
)
"""That download, as docs/matrix.md has it."""
_LOST = {
    **HIDDEN,
    "/tmp": "it is emptied after each build step",  # noqa: S108 - in the image
}
"""Folders where a file of an image is not to be found when it runs, and why."""


def without_place(matrix: Matrix, _expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Downloads that say too little, or too much, about what becomes of the file."""
    conda, likely = uses_conda(matrix), likely_installer(matrix)
    for name, item in matrix.downloads.items():
        if name == MICROMAMBA and not conda and not _target_fields(item):
            continue  # it has no place by design, and nothing uses it: that is reported
        wrong = _installer(matrix, item) if conda and name == MICROMAMBA else _target_problem(item)
        if wrong:
            problem, advice = wrong
            if name == likely:
                advice = f"if it installs the conda packages, name it `{MICROMAMBA}`, else {advice}"
            yield bad_value(("downloads", name), problem, advice, "key")


def likely_installer(matrix: Matrix) -> str | None:
    """Return a download without a place which may be micromamba under another name, where that is missing."""
    if MICROMAMBA in matrix.downloads or not uses_conda(matrix):
        return None
    return next((name for name, item in matrix.downloads.items() if not _target_fields(item)), None)


def _target_fields(item: Download) -> list[str]:
    fields = {"`to`": item.to, "`unpack`": item.unpack, "`deb`": item.deb}
    return [field for field, given in fields.items() if given]


def _target_problem(item: Download) -> tuple[str, str] | None:
    fields_set = _target_fields(item)
    if not fields_set:
        advice = "add one of `to: /PATH` (a file), `unpack: /FOLDER` (an archive) or `deb: true`"
        return "it does not say what becomes of the file", advice
    return (f"it has {' and '.join(fields_set)}", "keep one of them") if len(fields_set) > 1 else None


def _installer(matrix: Matrix, item: Download) -> tuple[str, str] | None:
    """Of the program that installs conda packages; ``to`` is for images that have it in their own ``downloads``."""
    others = [field for field in _target_fields(item) if field != "`to`"]
    if others:
        fields = " and ".join(others)
        advice = f"remove {fields}, and take the address of the bare program: `{INSTALLER}`"
        return f"it has {fields}, but conda packages are installed with the file as it is", advice
    listing = [str(path[1]) for path, settings in settings_of(matrix) if MICROMAMBA in settings.downloads]
    if listing and not item.to:
        advice = f"add `to: /usr/local/bin/{MICROMAMBA}`, or take it out there: conda packages do not need it"
        return f"it does not say where `{listing[0]}`, which lists it, has it", advice
    return None


def lost(matrix: Matrix) -> Iterator[Finding]:
    """Places that are no file, that lead elsewhere, or that are hidden when the image runs."""
    for name, item in matrix.downloads.items():
        for field, path in (("to", item.to), ("unpack", item.unpack)):
            if path and (wrong := _bad_place(name, field, path)):
                yield bad_value(("downloads", name, field), *wrong)


def without_mode(matrix: Matrix) -> Iterator[Finding]:
    """Downloads that say that they are not executable, and are no single file."""
    for name, item in matrix.downloads.items():
        if not item.executable and not item.to:
            advice = "remove it: an archive and a package have modes of their own"
            yield bad_value(("downloads", name, "executable"), "only a file with `to` has it", advice, "key")


def two_checksums(matrix: Matrix) -> Iterator[Finding]:
    """Downloads with checksums of both kinds for one file: only one of them would be compared."""
    for name, item in matrix.downloads.items():
        if item.sha256.keys() & item.sha512.keys():
            problem = "it has a `sha256` and a `sha512` for the same file"
            yield bad_value(("downloads", name, "sha512"), problem, "keep one of them", "key")


def _bad_place(name: str, field: str, path: str) -> tuple[str, str] | None:
    instead = f"write `/usr/local/bin/{name}`" if field == "to" else f"write `/opt/{name}`"
    if re.search(r"/\.{0,2}(?=/)|/\.{1,2}$", path):
        advice = "write the path that it leads to, without `.`, `..` and double slashes"
        return f"`{path}` is not written plainly", advice
    if field == "to" and path.endswith("/"):
        return f"`{path}` is a folder", f"write the path of the file: `{path}{name}`"
    folder = below(path, _LOST)
    more = f"; put the initial files of homes into {TEMPLATE}" if folder == HOME else ""
    return (invisible(folder, _LOST), instead + more) if folder else None


def of_one_machine(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Downloads with one address for several architectures, which names one of them."""
    archs: dict[str, set[str]] = {}
    for item in expanded.values():
        for name in item.downloads:
            archs.setdefault(name, set()).update(item.archs)
    for name in matrix.downloads:
        yield from _of_one_machine(matrix.downloads[name], sorted(archs.get(name, ())))


def _of_one_machine(item: Download, archs: list[str]) -> Iterator[Finding]:
    addresses = {item.address(arch) for arch in archs}
    if len(addresses) == 1:
        what = f"the address of download `{item.name}`"
        yield from one_machine(("downloads", item.name, "url"), what, addresses.pop(), archs)


def overwritten(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Two files of one image at the same place, and files of a parent that are replaced."""
    for item in expanded.values():
        by_place = _by_place(matrix, item)
        for path, names in by_place.items():
            for first, second in pairwise(names):
                fields = {"image": item.image, "first": first, "second": second, "path": path}
                yield rules.SAME_PLACE.at(_listed(matrix, item, second), **fields)
        for above in ancestors(expanded, item) if by_place else ():
            theirs = _by_place(matrix, above)
            for path in (path for path in theirs if path in by_place):
                fields = {"image": item.image, "first": theirs[path][-1], "second": by_place[path][0]}
                place = _listed(matrix, item, by_place[path][0])
                yield rules.REPLACED_FILE.at(place, parent=above.image, path=path, **fields)


def _by_place(matrix: Matrix, item: Variant) -> dict[str, list[str]]:
    """Return the downloads of a variant by the path of their file."""
    names_by_path: dict[str, list[str]] = {}
    for name in item.downloads:
        if name in matrix.downloads and (path := matrix.downloads[name].to):
            names_by_path.setdefault(path, []).append(name)
    return names_by_path


def _listed(matrix: Matrix, item: Variant, name: str) -> Path:
    """Return where an image lists a download."""
    for path, settings in settings_of_image(matrix, item.image):
        if name in settings.downloads:
            return (*path, "downloads", settings.downloads.index(name))
    return ("images", item.image)
