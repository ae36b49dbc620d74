"""Asks installers where they fetch from if nothing is set: the addresses are theirs, not ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Literal

from image_matrix.program import run_once
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from image_matrix.config.loaded import Loaded

    Asked = Callable[[Sequence[str]], str]

Installer = Literal["pip", "npm", "python"]
"""``python`` is uv, which fetches whole Pythons."""
SECONDS = 60
_SETS_ADDRESSES = re.compile(r"(UV|PIP|NPM_CONFIG)_.*", re.IGNORECASE)
"""Variables of this machine that replace the defaults."""


def used_installers(loaded: Loaded) -> tuple[Installer, ...]:
    """Return the installers of a matrix that have a default."""
    variants = loaded.variants.values()
    installs_uv = any(not item.foreign and item.parent is None and item.build is None for item in variants)
    uses: dict[Installer, bool] = {
        "npm": any(item.packages.get("npm") for item in variants),
        "pip": installs_uv or any(item.packages.get("pip") for item in variants),
        "python": any(_makes_python(loaded, name) for name in loaded.variants),
    }
    return tuple(name for name, used in uses.items() if used)


def _makes_python(loaded: Loaded, name: str) -> bool:
    item = loaded.variants[name]
    is_first = item.parent is None and not item.foreign and item.build is None
    return is_first and item.python_provider == "uv"


def asked_defaults(
    loaded: Loaded,
    old: Mapping[str, str],
    current: Collection[str],
    ask: Callable[[Sequence[Installer]], Mapping[str, str]],
) -> dict[str, str]:
    """Return the defaults of a matrix' installers: ``ask`` is asked for those that are not ``current``.

    An installer that does not answer keeps its old one: the program may be missing on this machine.
    """
    used = used_installers(loaded)
    kept: dict[str, str] = {name: old[name] for name in used if name in old}
    asked = [name for name in used if name not in current]
    return {**kept, **(ask(asked) if asked else {})}


def ask_defaults(installers: Iterable[Installer], python: str) -> dict[str, str]:
    """Return the default address of each installer that is on this machine; ``python`` is a version, ``3.13``.

    pip's is asked of uv, which takes its place when packages are locked. Settings of this machine do not count.
    """
    answers = {name: _default(name, python, _run) for name in installers}
    return {name: address for name, address in answers.items() if address}


def _default(installer: Installer, python: str, ask: Asked) -> str | None:
    match installer:
        case "pip":
            return _pip(ask)
        case "npm":
            return _npm(ask)
        case "python":
            return _python(ask, python)


def _pip(ask: Asked) -> str | None:
    match = re.search(
        r"--default-index .*?by default: <(https?://[^>\s]+)>",
        ask((_uv(), "pip", "install", "--help")),
        re.DOTALL,
    )
    return match[1] if match else None


def _npm(ask: Asked) -> str | None:
    program = shutil.which("npm")
    if program is None:
        return None
    nowhere = ("--userconfig=no-user", "--globalconfig=no-global")  # files that the folder does not have
    answer = ask((program, "config", "get", "registry", *nowhere)).strip()
    return answer.rstrip("/") if re.fullmatch(r"https?://\S+", answer) else None


def _python(ask: Asked, version: str) -> str | None:
    call = (_uv(), "python", "list", "--only-downloads", "--show-urls", "--offline", "--no-config", version)
    match = re.search(r"^cpython-\S+\s+(https?://\S+/download)/", ask(call), re.MULTILINE)
    return match[1] if match else None


def _uv() -> str:
    from uv import find_uv_bin

    return find_uv_bin()


def _run(command: Sequence[str]) -> str:
    """Return what a program prints; nothing where it fails."""
    surroundings = {name: value for name, value in os.environ.items() if not _SETS_ADDRESSES.fullmatch(name)}
    with temporary_folder() as folder:
        try:
            done = run_once(command, surroundings, folder, SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return done.stdout
