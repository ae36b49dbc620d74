"""Checks the places of ``files``: a file that is hidden when the image runs is in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.home import HOME
from image_matrix.config.variants import resolution_of
from image_matrix.validate.findings import bad_value, once_a_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding

TEMPLATE = "/opt/home-template"
"""What fills homes, where an image has the start of the built-in kinds."""
KERNEL = dict.fromkeys(("/dev", "/proc", "/sys"), "it is the kernel's")
HIDDEN = {HOME: "the volume of a user's home hides what an image has there", **KERNEL}
"""Folders of notebooks whose files are not to be found when the image runs, and why."""


def below(path: str, folders: Mapping[str, str]) -> str | None:
    """Return the folder of ``folders`` that a path is or is below, if there is one."""
    return next((folder for folder in folders if f"{path}/".startswith(f"{folder}/")), None)


def invisible(folder: str, folders: Mapping[str, str]) -> str:
    """Return the sentence that says why nobody finds the files of such a folder."""
    return f"files in {folder} are not visible when the image runs: {folders[folder]}"


def hidden_files(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Yield the ``files`` that a volume of a spawner or the kernel hides, each once, at the line that names it."""
    return once_a_place(
        finding for item in expanded.values() for finding in _of_variant(matrix, expanded, item)
    )


def _of_variant(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Iterator[Finding]:
    folders = HIDDEN if _has_home_volume(item) else KERNEL
    for path, source in resolution_of(matrix, expanded, item).files.items():
        folder = below(path, folders)
        if folder:
            place = (*source.origin.path, "files", path)
            yield bad_value(place, invisible(folder, folders), _instead(item, path, folder), "key")


def _has_home_volume(item: Variant) -> bool:
    """Say whether profiles can offer an image: spawners mount a volume at the home of such servers."""
    return item.contract == "notebook" or "jupyterhub" in item.provides


def _instead(item: Variant, path: str, folder: str) -> str:
    rest = path.removeprefix(folder)
    if folder == HOME and not item.foreign:
        return f"write `{TEMPLATE}{rest}`: homes are filled from that folder"
    return f"write a path outside of {folder}: `/opt/files{rest}`"
