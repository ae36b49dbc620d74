"""Reads lock files of conda: the files of each platform, with their checksums.

Sources of the formats: github.com/conda/conda-lock, ``lockfile/v1/models.py``; github.com/conda/rattler, crate
``rattler_lock``; pixi.prefix.dev, "The pixi.lock lock file".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.config.conda import CHANNELS
from image_matrix.config.conda_lock import CondaLock, name_and_version_of
from image_matrix.importing.listed_entries import Fault, ListedChannel, ListedEntry, NotReadableError
from image_matrix.importing.sayable import is_channel, is_sayable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.importing.listed_entries import Read

_LOCK_FILE = re.compile(r"(?:.*/)?(?:(?:[^/]*[.-])?conda-lock\.ya?ml|pixi\.lock)")
_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._~:/!+,=%-]*/[A-Za-z0-9._+!-]+-[^-/]+-[^-/]+\.(?:conda|tar\.bz2)"
)
"""An address without a login."""
_TOKEN = re.compile(r"/t/[^/]+/")
"""A login in the path of an address of anaconda.org."""
_SUMS = {"md5": re.compile(r"[0-9a-f]{32}"), "sha256": re.compile(r"[0-9a-f]{64}")}
DEFAULTS = "defaults"
"""A channel that is another one on each machine."""
_CATEGORY = "main"
"""The dependencies that conda-lock installs without being asked for more."""
DEFAULT = "default"
"""The environment of a project of pixi."""


@dataclass(frozen=True, slots=True)
class _Locked:
    """A package for one platform."""

    platform: str
    address: str
    sums: Mapping[str, Any]
    manager: str = "conda"
    requirement: str = ""
    """``name==version``, if it is pip's."""


def is_conda_lock(file: str) -> bool:
    """Say whether a file has exact packages of conda, by its name."""
    return _LOCK_FILE.fullmatch(file) is not None


def conda_lock_entries(file: str, read: Read) -> Iterator[ListedEntry | ListedChannel | CondaLock | Fault]:
    """Yield what a lock file has; raises :class:`NotReadableError` for the file."""
    text = read(file)
    value = _parsed(file, text)
    of_pixi = file.endswith(".lock")
    channels, packages = _of_pixi(file, value) if of_pixi else _of_conda_lock(file, value)
    lines = _Lines(file, text)
    faults = [fault for item in packages if (fault := lines.fault(item))]
    yield from faults
    if not packages:
        raise NotReadableError(f"{file} has no packages", "let `conda-lock lock` or `pixi lock` write it")
    if faults:
        return
    conda = [item for item in packages if item.manager == "conda"]
    yield from (ListedChannel(name) for name in channels if is_channel(name) and name != DEFAULTS)
    entries = [*_entries(conda, lines)]
    yield from entries
    pip = dict.fromkeys(item.requirement for item in packages if item.manager != "conda")
    yield CondaLock(file, _by_platform(conda), tuple(pip), tuple(entry.text for entry in entries))


def _parsed(file: str, text: str) -> Mapping[str, Any]:
    """Return the value of a file that a program has written; every scalar is a text."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        value = yaml.load(text, loader)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        problem = f"{file} is not YAML: {' '.join(str(error).split())}"
        raise NotReadableError(problem, "let `conda-lock lock` or `pixi lock` write it again") from error
    return value if isinstance(value, dict) else {}


def _of_conda_lock(file: str, value: Mapping[str, Any]) -> tuple[list[str], list[_Locked]]:
    metadata = _mapping(value.get("metadata"))
    if value.get("version") != "1":
        raise NotReadableError(
            f"{file} is not a lock file of conda-lock in version 1",
            "write it with conda-lock 1 or later: `conda-lock lock --file environment.yml`",
        )
    channels = [str(item.get("url", "")) for item in _mappings(metadata.get("channels"))]
    packages = [
        _Locked(
            str(item.get("platform", "")),
            str(item.get("url", "")),
            _mapping(item.get("hash")),
            str(item.get("manager", "")),
            f"{item.get('name', '')}=={item.get('version', '')}",
        )
        for item in _mappings(value.get("package"))
        if item.get("category", _CATEGORY) == _CATEGORY
    ]
    return channels, packages


def _of_pixi(file: str, value: Mapping[str, Any]) -> tuple[list[str], list[_Locked]]:
    environment = _mapping(_mapping(value.get("environments")).get(DEFAULT))
    if not environment:
        raise NotReadableError(
            f"{file} has no environment `{DEFAULT}`",
            "name the environment of the image `default` in pixi.toml",
        )
    channels = [
        str(item.get("url", "")).rstrip("/").removeprefix(f"{CHANNELS}/")
        for item in _mappings(environment.get("channels"))
    ]
    known = {
        str(item.get("conda") or item.get("pypi") or item.get("url", "")): item
        for item in _mappings(value.get("packages"))
    }
    packages = [
        _of_environment(platform, item, known)
        for platform, items in _mapping(environment.get("packages")).items()
        for item in _mappings(items)
    ]
    return channels, packages


def _of_environment(
    platform: str, item: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> _Locked:
    manager = "conda" if "conda" in item else "pip"
    address = str(item.get("conda") or item.get("pypi") or "")
    package = known.get(address, {})
    name, version = package.get("name"), package.get("version")
    requirement = f"{name}=={version}" if name and version else address
    return _Locked(platform, address, package, manager, requirement)


def _mapping(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - what YAML has
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - what YAML has
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _checksum(item: _Locked) -> str | None:
    """Return a checksum as an explicit file of conda has it; micromamba and conda compare it."""
    for name, form in _SUMS.items():
        value = item.sums.get(name)
        if isinstance(value, str) and form.fullmatch(value):
            return value if name == "md5" else f"{name}:{value}"
    return None


def _by_platform(packages: Iterable[_Locked]) -> dict[str, tuple[str, ...]]:
    urls: dict[str, list[str]] = {}
    for item in packages:
        urls.setdefault(item.platform, []).append(f"{item.address}#{_checksum(item)}")
    return {platform: tuple(items) for platform, items in urls.items()}


def _entries(packages: Iterable[_Locked], lines: _Lines) -> Iterator[ListedEntry]:
    """Yield each package once, with its version where that is the same on all platforms."""
    versions: dict[str, set[str]] = {}
    places: dict[str, str] = {}
    for item in packages:
        name, version = name_and_version_of(item.address)
        versions.setdefault(name, set()).add(version)
        places.setdefault(name, item.address)
    for name, several in versions.items():
        exact = f"{name}={next(iter(several))}"
        text = exact if len(several) == 1 and is_sayable("conda", exact) else name
        number, source = lines.of(places[name])
        yield ListedEntry(text, lines.file, number, source)


class _Lines:
    """The lines of a file, found by the addresses that they have."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._places = {
            line.rpartition(" ")[2].strip("'\""): (number, line)
            for number, line in enumerate(text.splitlines(), start=1)
            if "://" in line
        }

    def of(self, address: str) -> tuple[int, str]:
        """Return number and text of the line with an address; the first line without one."""
        return self._places.get(address, (1, ""))

    def fault(self, item: _Locked) -> Fault | None:
        """Return what is wrong with a package, without the login that its address may have."""
        if item.manager != "conda":
            return None
        number, source = self.of(item.address)
        if not _ADDRESS.fullmatch(item.address) or _TOKEN.search(item.address):
            problem = "the address of a package has a login, or is not one of conda"
            advice = (
                "write the channel without a login before you lock, and put the login into the file that "
                "`network.netrc` names"
            )
            return Fault(problem, advice, self.file, number)
        if _checksum(item) is None:
            problem = f"the package {name_and_version_of(item.address)[0]} has no checksum"
            return Fault(
                problem, "lock again: `conda-lock lock` and `pixi lock` write it", self.file, number, source
            )
        if not is_sayable("conda", name_and_version_of(item.address)[0]):
            return Fault("this is not the name of a package", "lock again", self.file, number, source)
        return None
