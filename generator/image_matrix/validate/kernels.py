"""Finds Pythons of conda that are no kernels in an image with JupyterLab. R is the subject of :mod:`.r`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.package_names import package_name
from image_matrix.config.served_app import ide_of
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.findings import once_a_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

PYTHON, KERNEL = "python", "ipykernel"


def without_kernel(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images with JupyterLab in /opt/venv and a Python of conda beside it: the first of each chain."""
    lacking = (item for item in expanded.values() if _lacks_kernel(expanded, item))
    first = (
        item for item in lacking if not item.parent or not _lacks_kernel(expanded, expanded[item.parent])
    )
    return once_a_place(
        rules.NO_KERNEL.at(_place(matrix, expanded, item), image=item.image) for item in first
    )


def _lacks_kernel(expanded: Mapping[str, Variant], item: Variant) -> bool:
    """Say whether the kernel is surely missing: scripts and Dockerfiles may install it."""
    chain = [*lineage(expanded, item)]
    if ide_of(expanded, item.id) != "jupyter" or item.python_provider == "conda":
        return False
    if any(one.scripts or one.build for one in chain):
        return False
    names = {name for one in chain for name in map(_name, one.packages.get("conda", ()))}
    return PYTHON in names and KERNEL not in names


def _name(entry: str) -> str:
    return package_name("conda", entry).rpartition("::")[2]


def _place(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Path:
    """Return the line that lists Python, or the image if that is a parent's."""
    for entry in resolution_of(matrix, expanded, item).packages.get("conda", ()):
        if _name(entry.value) == PYTHON:
            return (*entry.origin.path, "conda", entry.position or 0)
    return ("images", item.image)
