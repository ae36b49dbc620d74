"""Says what would mend a finding: a pull request, a command, a line of the matrix, the next release; or nothing yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from image_matrix.config.lineage import from_base_up
from image_matrix.config.package_names import folded
from image_matrix.findings.versions import admits, reaches
from image_matrix.inventory.contents import stated_version
from image_matrix.inventory.model import PackageName
from image_matrix.inventory.requests import requests_of
from image_matrix.lock.locked_versions import canonical
from image_matrix.lock.refreshed import names_to_refresh
from image_matrix.lock.upgrade_names import known_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.findings.model import ScanFinding, ScanTarget
    from image_matrix.inventory.model import Content, Inventory
    from image_matrix.inventory.requests import Request
    from image_matrix.lock.model import Lock

Action = Literal["wait", "release", "promote", "merge", "lock", "edit", "look"]
"""``wait``: no version mends it yet. ``release``: the matrix has one, and the next release brings it. ``promote``: the
release has one, and a channel does not. ``merge``: an open pull request brings it. ``lock``: a refresh of the lock
does. ``edit``: the matrix asks for a version without it. ``look``: nothing that the lock knows brings the package."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would mend a finding."""

    action: Action
    subject: str = ""
    """``promote``: the channel. ``merge``: ``#12``. ``lock``: the name for ``lock --upgrade``. ``edit``: the entry.
    ``look``: the file in the image, or the package."""
    at: str = ""
    """``merge``: address of the pull request. ``edit``: file and line."""


@dataclass(frozen=True, slots=True)
class LockProposal:
    """An open pull request that refreshes the lock."""

    number: int
    url: str
    body: str
    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    """What would be in the variants; empty if its matrix cannot be read."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the repository says of packages."""

    loaded: Loaded
    lock: Lock
    inventories: Mapping[str, Inventory]
    current: frozenset[tuple[str, str]] = frozenset()
    """Id and key of each variant as the matrix has it now: such an image has what the lock says."""
    proposals: tuple[LockProposal, ...] = ()
    fixed_in_release: frozenset[tuple[str, str, str]] = frozenset()
    """Id of a variant, id and package of a finding that channels have, and the release branch no longer."""
    names: frozenset[str] = field(init=False)
    """What `lock --upgrade` knows by name."""

    def __post_init__(self) -> None:
        """Look the names up once: each finding asks for them."""
        names = known_names(self.loaded, self.lock) | names_to_refresh(self.loaded)
        object.__setattr__(self, "names", frozenset(names))


def remedy(known: Knowledge, target: ScanTarget, finding: ScanFinding) -> Remedy:
    """Return what would mend a finding in a released image, or in a candidate (``key`` of today)."""
    if not finding.fixed:
        return Remedy("wait")
    if target.channel and (target.variant, finding.id, finding.package) in known.fixed_in_release:
        return Remedy("promote", target.channel)
    content = _content(known.inventories.get(target.variant), finding)
    is_current = (target.variant, target.key) in known.current
    if content and _is_fixed(content, finding) and not is_current:
        return Remedy("release")
    for one in known.proposals:
        if _brings(one, target.variant, finding):
            return Remedy("merge", f"#{one.number}", one.url)
    if content and _is_fixed(content, finding):
        return Remedy("look", finding.path or finding.package)  # another copy than that of the lock
    return _move(known, target.variant, finding, content)


def _content(inventory: Inventory | None, finding: ScanFinding) -> Content | None:
    """Return a package as matrix and lock know it."""
    name = _known_name(inventory, finding)
    return inventory.contents[name] if inventory and name else None


def _known_name(inventory: Inventory | None, finding: ScanFinding) -> PackageName | None:
    """Return the name by which matrix and lock know a package: scanners see conda's packages of Python as those of pip.

    They say Python's name, ``prompt_toolkit`` for conda's ``prompt-toolkit``, so any spelling will do if none is equal.
    """
    contents = inventory.contents if inventory else {}
    names = [PackageName(finding.installer, finding.package)]
    if finding.installer in ("pip", "conda"):
        names = [PackageName(manager, canonical(manager, finding.package)) for manager in ("pip", "conda")]
    equal = next((name for name in names if name in contents), None)
    if equal or finding.installer not in ("pip", "conda"):
        return equal
    plain = folded(finding.package)
    alike = (name for name in contents if name.manager == "conda" and folded(name.name) == plain)
    return next(alike, None)


def _is_fixed(content: Content, finding: ScanFinding) -> bool:
    return all(reaches(finding.installer, version, finding.fixed) for version in content.versions.values())


def _brings(proposal: LockProposal, variant: str, finding: ScanFinding) -> bool:
    """Say whether a pull request mends a finding: by its lock, or by what its text says of the distribution's.

    The lock does not hold packages of apt. Whatever moves one takes the newest, which is not older than the fix.
    """
    content = _content(proposal.inventories.get(variant), finding)
    if content and _is_fixed(content, finding):
        return True
    if _names(proposal.body, finding.id):
        return True
    lines = proposal.body.splitlines() if finding.installer == "apt" else ()
    return any("→" in line and _names(line, finding.package) for line in lines)


def _names(text: str, name: str) -> bool:
    """Say whether a text has a name that is no part of a longer one."""
    return re.search(rf"(?<![\w.+-]){re.escape(name)}(?![\w+-]|\.\w)", text) is not None


def _move(known: Knowledge, variant: str, finding: ScanFinding, content: Content | None) -> Remedy:
    """Return what moves a package that no pull request moves."""
    look = Remedy("look", finding.path or finding.package)
    item = known.loaded.variants.get(variant)
    if item is None:
        return look
    if request := _refusing(known.loaded, finding, content):
        return Remedy("edit", request.entry, f"{request.file}:{request.line}" if request.file else "")
    chain = from_base_up(known.loaded.variants, item)
    if finding.installer == "apt" and chain[0].build is None:
        return Remedy("lock", "apt")
    name = _known_name(known.inventories.get(variant), finding)
    if name and name.manager != "apt":
        return _refresh(name, known.names) or look
    return _download(known.loaded, item.downloads, finding) or _unlocked(chain, finding, known.names) or look


def _unlocked(chain: Sequence[Variant], finding: ScanFinding, names: Collection[str]) -> Remedy | None:
    """Return what brings a package that no lock has: steps of an image that a refresh runs again, or the source."""
    dated = (item.image for item in chain if item.refresh_days is not None)
    source = (chain[0].root_source,) if finding.installer else ()
    return next((Remedy("lock", name) for name in (*dated, *source) if name in names), None)


def _refresh(package: PackageName, names: Collection[str]) -> Remedy | None:
    """Return what moves a package: its name, or its installer where all that one installs moves together."""
    candidates = (package.manager,) if package.manager == "conda" else (package.name, package.manager)
    return next((Remedy("lock", name) for name in candidates if name in names), None)


def _refusing(loaded: Loaded, finding: ScanFinding, content: Content | None) -> Request | None:
    """Return the entry of the matrix that asks for a version with the finding."""
    for name in reversed(content.listed_by if content else ()):
        for package, request in requests_of(loaded, loaded.variants[name]).items():
            is_named = folded(package.name) == folded(finding.package)
            stated = stated_version(package.manager, request.entry)
            if is_named and not admits(package.manager, request.entry, stated, finding.fixed):
                return request
    return None


def _download(loaded: Loaded, names: Collection[str], finding: ScanFinding) -> Remedy | None:
    """Return the download that put the file of a finding into the image."""
    path = PurePosixPath("/", finding.path)
    for name in names if finding.path else ():
        item = loaded.matrix.downloads[name]
        if path == PurePosixPath(item.to or "") or path.is_relative_to(item.unpack or path / "nothing"):
            place = loaded.documents.place(("downloads", name, "version"))
            return Remedy("edit", f"{name}: {item.version}", f"{place.file}:{place.line}")
    return None
