"""Reads the sections ``policy:``: what may not be in images and profiles.

Each file's section is a policy of its own, and all of them have to hold. So none of them can loosen another one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from image_matrix.config.document import Document, Documents
from image_matrix.config.model import MANAGERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Manager
    from image_matrix.diagnostics import Path, Place

FIELD = "policy"
FLOATING = ("unlocked", "moving_tags", "unpinned", "branches")


@dataclass(frozen=True, slots=True)
class PolicyEntry:
    """An entry of a list, and where it stands in its policy."""

    name: str
    """What is meant, in the syntax of its list."""
    path: Path
    reason: str = ""
    until: str = ""
    """The date, as YYYY-MM-DD, from which it no longer counts; empty: it always counts."""

    def counts(self, today: str) -> bool:
        """Say whether it counts on a day."""
        return not self.until or today < self.until


@dataclass(frozen=True, slots=True)
class Lists:
    """What is allowed and denied."""

    allow: tuple[PolicyEntry, ...] | None = None
    """``None``: everything that is not denied."""
    deny: tuple[PolicyEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pod has at most."""

    path: Path
    cpu: float | None = None
    """Cores."""
    memory: str | None = None
    """With its unit: ``64Gi``."""
    devices: Mapping[str, int] = field(default_factory=dict)
    """Extended resource to number of devices."""
    sites: tuple[str, ...] = ()
    """None: every site."""
    reason: str = ""

    def is_for(self, site: str) -> bool:
        """Say whether it counts at a site."""
        return not self.sites or site in self.sites


@dataclass(frozen=True, slots=True)
class Excepted:
    """A violation that is allowed until a day."""

    id: str
    reason: str
    until: str
    """The date, as YYYY-MM-DD, from which it is an error again."""
    path: Path


NO_LISTS = Lists()


@dataclass(frozen=True, slots=True)
class Policy:
    """What one file asks for."""

    sources: Lists = NO_LISTS
    packages: Mapping[Manager, Lists] = field(default_factory=dict)
    licences: Lists = NO_LISTS
    floating: Lists = NO_LISTS
    sizes: tuple[Limits, ...] = ()
    exceptions: tuple[Excepted, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedPolicy:
    """A policy, and the file that states it."""

    policy: Policy
    documents: Documents
    revision: str = ""
    """The revision that it is of, if that is an earlier one."""

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.documents.parts[0].file

    def place(self, path: Path) -> Place:
        """Return where something stands, by its path in the policy."""
        return self.documents.place((FIELD, *path))


def sections(parts: Iterable[Document]) -> list[Documents]:
    """Return the policies of files as documents of their own."""
    having = (part for part in parts if isinstance(part.value, dict) and FIELD in part.value)
    return [Documents({FIELD: part.value[FIELD]}, (part,)) for part in having]


def without_section(part: Document) -> Document:
    """Return a file's document without its policy."""
    if not isinstance(part.value, dict) or FIELD not in part.value:
        return part
    return replace(part, value={key: item for key, item in part.value.items() if key != FIELD})


def project_policies(loaded: Loaded, revision: str = "") -> tuple[StatedPolicy, ...]:
    """Return the policies of the matrix and of its included files, without those of overlays.

    ``revision`` is that of the matrix, if it is an earlier one.
    """
    overlays = {part.file for part in loaded.documents.overlays}
    of_files = (one for one in loaded.policies if one.file not in overlays)
    return tuple(replace(one, revision=revision) for one in of_files)


def stated(section: Documents) -> StatedPolicy:
    """Read a section of the right shape."""
    return StatedPolicy(read_policy(section.value[FIELD]), section)


def read_policy(item: Mapping[str, Any]) -> Policy:
    """Read the section as plain data of the right shape."""
    packages = item.get("packages", {})
    return Policy(
        sources=_lists(item.get("sources", {}), ("sources",)),
        packages={
            manager: _lists(packages[manager], ("packages", manager))
            for manager in MANAGERS
            if manager in packages
        },
        licences=_lists(item.get("licences", {}), ("licences",)),
        floating=_lists(item.get("floating", {}), ("floating",)),
        sizes=_limits(item["sizes"]) if "sizes" in item else (),
        exceptions=tuple(
            Excepted(one["id"], one["reason"], one["until"], ("exceptions", at))
            for at, one in enumerate(item.get("exceptions", ()))
        ),
    )


def _lists(item: Mapping[str, Any], path: Path) -> Lists:
    allow = _entries(item["allow"], (*path, "allow")) if "allow" in item else None
    return Lists(allow, _entries(item.get("deny", ()), (*path, "deny")))


def _entries(items: Iterable[Any], path: Path) -> tuple[PolicyEntry, ...]:
    """Read a list; a text is the entry's name."""
    return tuple(_entry(item, (*path, at)) for at, item in enumerate(items))


def _entry(item: Mapping[str, str] | str, path: Path) -> PolicyEntry:
    if isinstance(item, str):
        return PolicyEntry(item, path)
    return PolicyEntry(item["name"], path, item.get("reason", ""), item.get("until", ""))


def _limits(item: Mapping[str, Any]) -> tuple[Limits, ...]:
    overrides = item.get("overrides", ())
    return (
        _limit(item, ("sizes",), ()),
        *(
            _limit(one, ("sizes", "overrides", at), _names(one["match"]["site"]))
            for at, one in enumerate(overrides)
        ),
    )


def _names(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _limit(item: Mapping[str, Any], path: Path, sites: tuple[str, ...]) -> Limits:
    fields = {key: item[key] for key in ("cpu", "memory", "devices", "reason") if key in item}
    return Limits(path=path, sites=sites, **fields)
