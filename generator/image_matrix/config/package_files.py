"""Knows the files that people name in place of packages, and what to write for each."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.model import Manager

_OF_CONDA = re.compile(r"(?:.*/)?(?:[^/]+\.ya?ml|pixi\.lock)")
_OF_PIP = re.compile(r"(?:.*/)?(?:[^/]+\.(?:txt|in)|pylock(?:\.[^./]+)?\.toml)")
_FILE = re.compile(
    r"(?:\S*/)?(?:(?:[^/\s]*[._-])?(?:conda-lock|environment|env)\.ya?ml|(?:pixi|uv|poetry|Pipfile|conda-[^/\s]+)\.lock"
    r"|(?:[^/\s]*[._-])?(?:requirements|constraints|packages|apt)(?:[._-][^/\s]*)?\.txt"
    r"|(?:pyproject|pixi|pylock(?:\.[^/.\s]+)?)\.toml|install\.R|\S+\.(?:deb|vsix|whl))"
)
"""The name of a file. ``ruamel.yaml`` and ``discord.py`` are packages, so it needs more than a suffix."""
_OF_NEITHER = re.compile(r".*\.(?:cfg|deb|json|lock|py|toml|txt|vsix|whl|ya?ml)", re.IGNORECASE)
_EXPORTS = {
    "uv.lock": "uv export --format pylock.toml --output-file pylock.toml",
    "poetry.lock": "poetry export --output requirements.txt",
    "Pipfile.lock": "pipenv requirements > requirements.txt",
    "pyproject.toml": "uv export --format pylock.toml --output-file pylock.toml",
    "pixi.toml": "pixi lock",
}
"""A file of a tool, and how the tool writes one that an image can have."""
_OTHERS = {
    ".deb": "write `apt: {{files: [{file}]}}`",
    ".whl": "write `NAME @ https://ADDRESS/{name}#sha256=CHECKSUM` in `pip`",
    ".vsix": "write `publisher.name@version` of Open VSX; a file of yours is installed by one of `scripts`",
    ".r": "write the names of the packages that it installs, or run it as one of `scripts`",
}


def is_file_name(entry: str) -> bool:
    """Say whether an entry of a list of packages is the name of a file."""
    return _FILE.fullmatch(entry) is not None


def advice_for(file: str) -> str:
    """Return what to write for a file that is no package, or not one of this installer."""
    name = PurePosixPath(file).name
    if _OF_CONDA.fullmatch(file):
        return f"write `conda: {{files: [{file}]}}`"
    if name == "apt.txt":
        return "write the names of the packages that it lists"
    if _OF_PIP.fullmatch(file):
        return f"write `pip: {{files: [{file}]}}`"
    if re.fullmatch(r"conda-.+\.lock", name):
        return f"{name} is for one platform: run `conda-lock lock`, and write `conda: {{files: [conda-lock.yml]}}`"
    if name in _EXPORTS:
        return f"run `{_EXPORTS[name]}`, and name the file that it writes in `files` of the installer"
    other = _OTHERS.get(PurePosixPath(file).suffix.lower())
    if other:
        return other.format(file=file, name=name)
    return "write the names of the packages that it lists"


def is_read_by(manager: Manager, file: str) -> bool:
    """Say whether ``files`` of an installer can have a file, by its name; names without a suffix may be anything."""
    other, this = (_OF_PIP, _OF_CONDA) if manager == "conda" else (_OF_CONDA, _OF_PIP)
    if this.fullmatch(file):
        return True
    return not other.fullmatch(file) and not _OF_NEITHER.fullmatch(file)
