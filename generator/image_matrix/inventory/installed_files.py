"""Reads the files by which installers know what they have installed, one file at a time.

Sources: packaging.python.org, "Recording installed projects" and "Core metadata"; deb-control(5) and dpkg's ``status``;
apt's ``extended_states``; os-release(5); conda's ``conda-meta``; docs.npmjs.com, "package.json"; "Writing R
Extensions", DESCRIPTION.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import HeaderParser
from typing import TYPE_CHECKING, TypeAlias

from image_matrix.diagnostics.redact import without_user
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class DpkgNames:
    """Packages of the distribution that are installed."""

    versions: Mapping[str, str]
    """Name to version; the version is empty if the file does not say it."""
    architectures: Mapping[str, str] = field(default_factory=dict)
    """Name to ``amd64`` or ``all``."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Name to the package that it was built from, as far as that has another name or version: ``gcc-14 (14.2)``."""

    @property
    def names(self) -> frozenset[str]:
        """The names alone."""
        return frozenset(self.versions)


@dataclass(frozen=True, slots=True)
class AutomaticNames:
    """Packages of the distribution that nobody asked for: others need them."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class InstalledPython:
    """A Python package."""

    name: str
    """As it is compared (PEP 503)."""
    version: str
    requires: frozenset[str]
    """Without those of extras."""


@dataclass(frozen=True, slots=True)
class InstalledConda:
    """A package of conda."""

    name: str
    version: str
    channel: str
    """A name, ``conda-forge``, or an address without a login."""
    requires: frozenset[str]
    files: frozenset[str]
    """Its files that other installers write, too, relative to the environment."""


@dataclass(frozen=True, slots=True)
class InstalledNpm:
    """A package of npm."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class InstalledR:
    """A package of R."""

    name: str
    entry: str
    """As a list of the installer ``cran`` has it; empty where the file does not say where the package is from."""
    version: str
    requires: frozenset[str]
    is_part_of_r: bool


@dataclass(frozen=True, slots=True)
class OsRelease:
    """The distribution."""

    id: str
    """``debian``."""
    version: str
    """``13``; empty for one without releases."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A file that is not read: that it exists is enough."""


Record: TypeAlias = (
    DpkgNames
    | AutomaticNames
    | InstalledPython
    | InstalledConda
    | InstalledNpm
    | InstalledR
    | OsRelease
    | Presence
)
"""What a file says."""
Files: TypeAlias = Mapping[str, Record | None]
"""Those of an image, by path, without a slash before it; ``None`` for a file that cannot be read."""
Content = Callable[[], bytes]
"""Returns the bytes of a file."""
APT_PYTHON, APT_R = "usr/lib/python3/dist-packages/", "usr/lib/R/"
"""Where Debian's packages have their packages of Python and R; pip and R write elsewhere."""
STATUS, AUTOMATIC = "var/lib/dpkg/status", "var/lib/apt/extended_states"
DIRECT = "direct_url.json"
"""A Python package has it that was installed from an address or folder."""
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SHARED = re.compile(r".*(\.dist-info/METADATA|/library/[^/]+/DESCRIPTION)|lib/node_modules/.*/package\.json")


def reader_of(path: str) -> Callable[[Content], Record | None] | None:
    """Return what reads a file of an image, or ``None`` for a file that says nothing about packages."""
    return next((read for pattern, read in _READERS if pattern.fullmatch(path)), None)


def _safely(read: Callable[[str], Record | None]) -> Callable[[Content], Record | None]:
    """Return a reader that returns ``None`` for what has not the form of its file."""

    def safe(content: Content) -> Record | None:
        try:
            return read(content().decode("utf-8", errors="replace"))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    return safe


def _present(_content: Content) -> Presence:
    return Presence()


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the fields of each paragraph that are in one line."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", paragraph, re.MULTILINE))
        if "Package" in fields:
            yield {name: value.strip() for name, value in fields.items()}


def _dpkg(text: str) -> DpkgNames:
    """Read ``status``, or a file of ``status.d``, whose packages have no state: they are installed."""
    installed = [
        item for item in _stanzas(text) if item.get("Status", "installed").split()[-1:] == ["installed"]
    ]

    def stated(field: str) -> dict[str, str]:
        return {item["Package"]: item[field] for item in installed if item.get(field)}

    versions = {item["Package"]: item.get("Version", "") for item in installed}
    return DpkgNames(versions, stated("Architecture"), stated("Source"))


def _automatic(text: str) -> AutomaticNames:
    names = (item["Package"] for item in _stanzas(text) if item.get("Auto-Installed") == "1")
    return AutomaticNames(frozenset(names))


def _python(text: str) -> InstalledPython:
    from packaging.utils import canonicalize_name

    fields = HeaderParser().parsestr(text)
    name, version = _field(fields, "Name"), _field(fields, "Version")
    requires = (str(item) for item in fields.get_all("Requires-Dist") or ())
    names = (
        _NAME.match(item.strip())
        for item in requires
        if not re.search(r"\bextra\s*==", item.partition(";")[2])
    )
    return InstalledPython(
        canonicalize_name(name), version, frozenset(canonicalize_name(item[0]) for item in names if item)
    )


def _field(fields: Message, name: str) -> str:
    """Return a field; raises :class:`KeyError` where it is missing."""
    value = fields[name]
    if value is None:
        raise KeyError(name)
    return str(value).strip()


def _conda(text: str) -> InstalledConda:
    value = read_json(text)
    names = (_NAME.match(str(item)) for item in value.get("depends") or ())
    return InstalledConda(
        str(value["name"]),
        str(value["version"]),
        _channel(str(value.get("channel") or "")),
        frozenset(item[0] for item in names if item),
        frozenset(str(item) for item in value.get("files") or () if _SHARED.fullmatch(str(item))),
    )


def _channel(text: str) -> str:
    """Return a channel without the folder of a platform; addresses of Anaconda's server become names."""
    bare = re.sub(r"/t/[^/]+/", "/", without_user(text)).rstrip("/")
    bare = re.sub(r"/(noarch|(linux|osx|win)-[a-z0-9_]+)$", "", bare)
    return re.sub(r"^https?://(conda\.anaconda\.org|repo\.anaconda\.com)/", "", bare)


def _npm(text: str) -> InstalledNpm:
    value: Json = read_json(text)
    return InstalledNpm(str(value["name"]), str(value["version"]))


def _r(text: str) -> InstalledR:
    fields = HeaderParser().parsestr(text)
    names = (
        _NAME.match(item.strip())
        for field in ("Depends", "Imports", "LinkingTo")
        for item in str(fields[field] or "").split(",")
    )
    return InstalledR(
        _field(fields, "Package"),
        _r_entry(fields),
        _field(fields, "Version"),
        frozenset(item[0] for item in names if item),
        str(fields["Priority"] or "").strip() in ("base", "recommended"),
    )


def _r_entry(fields: Message) -> str:
    name, version = _field(fields, "Package"), _field(fields, "Version")
    commit = str(fields["RemoteSha"] or "").strip()
    if str(fields["RemoteType"] or "").strip() == "github":
        place = f"{fields['RemoteUsername']}/{fields['RemoteRepo']}"
        return f"github::{place}@{commit}" if _COMMIT.fullmatch(commit) else ""
    repository = str(fields["Repository"] or "")
    if fields["biocViews"] is not None and repository.strip() != "CRAN":
        return f"bioc::{name}"
    return f"{name}@{version}" if repository else ""


def _os_release(text: str) -> OsRelease:
    fields = dict(re.findall(r"""^([A-Z_]+)=["']?([^"'\n]*)["']?$""", text, re.MULTILINE))
    return OsRelease(fields["ID"], fields.get("VERSION_ID", ""))


_READERS: tuple[tuple[re.Pattern[str], Callable[[Content], Record | None]], ...] = (
    (re.compile(rf"{STATUS}|var/lib/dpkg/status\.d/(?!.*\.md5sums$)[^/]+"), _safely(_dpkg)),
    (re.compile(AUTOMATIC), _safely(_automatic)),
    (re.compile(r"(etc|usr/lib)/os-release"), _safely(_os_release)),
    (re.compile(r"(.+/)?(site|dist)-packages/[^/]+\.dist-info/METADATA"), _safely(_python)),
    (re.compile(rf"(.+/)?(site|dist)-packages/[^/]+\.dist-info/{re.escape(DIRECT)}"), _present),
    (re.compile(r"(.+/)?conda-meta/[^/]+\.json"), _safely(_conda)),
    (
        re.compile(
            r"(?!.*/node_modules/.*/node_modules/)(.+/)?lib/node_modules/(@[^/]+/)?[^/@]+/package\.json"
        ),
        _safely(_npm),
    ),
    (re.compile(r"(.+/)?(site-)?library/[^/]+/DESCRIPTION"), _safely(_r)),
)
"""Files by their paths, each with what reads it."""


def files_of_conda(files: Files) -> frozenset[str]:
    """Return the paths that packages of conda own, in all environments."""
    return frozenset(
        posixpath.join(posixpath.dirname(posixpath.dirname(path)), file)
        for path, record in files.items()
        if isinstance(record, InstalledConda)
        for file in record.files
    )


def is_unpacked_only(path: str) -> bool:
    """Say whether a path is in conda's folder of packages that are unpacked, but in no environment."""
    return "/pkgs/" in path
