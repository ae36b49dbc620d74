"""Finds variables with references such as `$PATH`, and labels that change with every commit: values are literal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.findings import bad_value, one_machine
from image_matrix.validate.pod_variables import pod_environments
from image_matrix.validate.references import every_settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_REFERENCE = re.compile(r"\$(?:\{(\w+)[^}]*\}|\((\w+)\)|(\w+))")
MOVING_LABELS = {
    "org.label-schema.build-date", "org.label-schema.vcs-ref", "org.opencontainers.image.created",
    "org.opencontainers.image.revision",
}  # fmt: skip
"""Labels of a build's time and commit: github.com/opencontainers/image-spec, annotations.md; label-schema.org."""
PATH = "/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The variable PATH of an image that starts at Debian or Ubuntu (templates/dockerfiles/macros.j2)."""


def not_expanded(matrix: Matrix) -> Iterator[Finding]:
    """Lists of folders with a variable in them, and variables with themselves in them."""
    for path, variables in image_environments(matrix):
        yield from _not_expanded(path, {name: one for name, one in variables.items() if name != "PATH"})
    for path, variables in pod_environments(matrix):
        yield from _not_expanded(path, variables)


def _not_expanded(path: Path, variables: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in variables.items():
        match = next((item for item in _REFERENCE.finditer(value) if _is_meant(name, item)), None)
        if match:
            yield rules.NOT_EXPANDED.at((*path, name), reference=match[0], advice=_advice(name, value))


def replaced_path(matrix: Matrix) -> Iterator[Finding]:
    """PATH among the variables of images: it would replace the folders of what the image is built on."""
    for path, variables in image_environments(matrix):
        if "PATH" in variables:
            folders = [folder for folder in variables["PATH"].split(":") if folder.startswith("/")]
            added = [folder for folder in dict.fromkeys(folders) if folder not in PATH.split(":")]
            field = f"`path: [{', '.join(added or ['/opt/tool/bin'])}]`"
            where = "to the images that have the accelerator" if path[0] == "accelerators" else "instead"
            problem = "it would replace the folders of what the image is built on"
            yield bad_value((*path, "PATH"), problem, f"remove it, and add {field} {where}", "key")


def of_one_machine(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Variables that name one architecture, in images for several."""
    for item in expanded.values():
        for name, given in resolution_of(matrix, expanded, item).env.items():
            what = f"the variable `{name}`"
            yield from one_machine((*given.origin.path, "env", name), what, str(given.value), item.archs)


def moving_labels(matrix: Matrix) -> Iterator[Finding]:
    """Labels that say when an image was built, or of which commit: no image would ever be the same twice."""
    for path, settings in (*settings_of(matrix), (("defaults", "images"), matrix.defaults)):
        for name in MOVING_LABELS & settings.labels.keys():
            problem = "it changes with every commit, and so does the image"
            advice = "remove it: a release sets it as an annotation"
            yield bad_value((*path, "labels", name), problem, advice, "key")


def image_environments(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield the variables of images and what they are made of, each with its place."""
    for path, settings in every_settings(matrix):
        yield (*path, "env"), settings.env
    for name, accelerator in matrix.accelerators.items():
        yield ("accelerators", name, "env"), accelerator.env


def environments(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield the variables of images, and of the pods that they run in."""
    yield from image_environments(matrix)
    yield from pod_environments(matrix)


def _is_meant(name: str, reference: re.Match[str]) -> bool:
    return name.endswith("PATH") or name in reference.groups()


def _advice(name: str, value: str) -> str:
    if name == "PATH":
        whole = _REFERENCE.sub(lambda item: PATH if name in item.groups() else item[0], value)
        if not _REFERENCE.search(whole):
            return f'write the folders out, such as "{whole}"'
    return "write out what is meant: nothing in a value is expanded"
