"""Says which updates of apt packages a new build would bring, by what apt answers in released images.

The answers are written by an image's programs: whatever is not of the expected form is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,99}")
"""Name of a Debian package; Debian Policy, 5.6.1."""
VERSION = re.compile(r"[A-Za-z0-9.+:~-]{1,99}")
"""Version of a Debian package; Debian Policy, 5.6.12."""
CVE = re.compile(r"\bCVE-[0-9]{4}-[0-9]{4,9}\b")
_UPGRADE = re.compile(
    rf"^Inst (?P<name>{NAME.pattern})(:[a-z0-9]+)? \[(?P<old>{VERSION.pattern})\] \((?P<new>{VERSION.pattern}) ",
    re.MULTILINE,
)
"""What `apt-get --simulate` prints of an upgrade. A new dependency has no version in brackets."""


@dataclass(frozen=True, slots=True)
class AptUpdate:
    """An installed Debian package that has a newer version."""

    package: str
    old: str
    new: str
    debian_source: str
    """The source package that it is made from."""
    installed: str
    """The version of the source package that is installed: that of its changelog."""
    cves: tuple[str, ...] = ()
    """What the changelog names above the installed version, as far as it could be read."""


@dataclass(frozen=True, slots=True)
class AptAnswer:
    """What apt and dpkg say in one image."""

    upgradable: tuple[tuple[str, str, str], ...] = ()
    """Package, installed version, newest version."""
    of_distribution: frozenset[tuple[str, str]] = frozenset()
    """Packages and newest versions that the upgrade in an image on a source would take."""
    of_base: frozenset[str] = frozenset()
    """Packages that are in the source image already, or in the last image that is not built anew."""
    debian_sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Package to its source package, and the version of that."""


@dataclass(frozen=True, slots=True)
class AptFindings:
    """What was found in released images."""

    updates: Mapping[str, tuple[AptUpdate, ...]] = field(default_factory=dict)
    """Id of each variant whose image answered to the updates that a new build of its chain would bring."""
    source_of: Mapping[str, str] = field(default_factory=dict)
    """Variant to the source whose entry in the lock builds it anew; none for one with a day of its own."""
    released: frozenset[str] = frozenset()
    """The sources of which some image is released or may be, whether it answered or not."""
    current: frozenset[str] = frozenset()
    """The variants whose released image has the key that matrix and lock have now."""
    failures: tuple[str, ...] = ()
    """Why images, or all of them, were not asked; a line each."""

    @property
    def dated_with_updates(self) -> set[str]:
        """The variants with an update that no entry of a source builds anew: a day of theirs does."""
        return {name for name, updates in self.updates.items() if updates and name not in self.source_of}

    def sources_with_updates(self, among: Collection[str] | None = None) -> set[str]:
        """Return the sources on which a variant has an update; ``among`` limits the variants."""
        return {
            self.source_of[name]
            for name, updates in self.updates.items()
            if updates and name in self.source_of and (among is None or name in among)
        }


AskApt = Callable[[Collection[str], str], AptFindings]
"""Asks the released images on some sources; the second is the moment of a new snapshot: ``20261130T000000Z``."""


def nothing_asked(_: Collection[str], __: str) -> AptFindings:
    """Ask no image."""
    return AptFindings()


def read_answer(texts: Mapping[str, str]) -> AptAnswer:
    """Return what the files say that `build/in_image/apt_updates.sh` writes."""
    installed = (line.split("\t") for line in texts.get("installed", "").splitlines())
    return AptAnswer(
        tuple((one["name"], one["old"], one["new"]) for one in _upgrades(texts, "upgradable")),
        frozenset((one["name"], one["new"]) for one in _upgrades(texts, "of-distribution")),
        frozenset(texts.get("of-base", "").split()),
        {
            fields[0]: (fields[1], fields[2])
            for fields in installed
            if len(fields) == len(("package", "source", "version"))
            and NAME.fullmatch(fields[1])
            and VERSION.fullmatch(fields[2])
        },
    )


def _upgrades(texts: Mapping[str, str], name: str) -> list[re.Match[str]]:
    return [*_UPGRADE.finditer(texts.get(name, ""))]


def counting(
    answer: AptAnswer, entries: Collection[str], guesses: Collection[str] = ()
) -> tuple[AptUpdate, ...]:
    """Return the updates that a new build would bring. ``entries`` are those that the image's chain lists for apt.

    ``guesses`` are entries of packages from files, whose names may be those of other packages: they count for what is
    neither listed nor in the image below.

    apt installs what is listed in its newest version, or in the one that the entry states, and what it needs with it.
    Of the rest of the source's packages, only the distribution's own are upgraded. What a build would leave as it is
    does not count: it would count again each week.
    """
    guessed = {name: version for name, version in _stated(guesses).items() if name not in answer.of_base}
    stated = guessed | _stated(entries)
    return tuple(
        AptUpdate(name, old, new, *answer.debian_sources.get(name, (name, old)))
        for name, old, new in dict.fromkeys(answer.upgradable)
        if (
            fnmatchcase(new, stated[name] or "*")
            if name in stated
            else name not in answer.of_base or (name, new) in answer.of_distribution
        )
    )


def _stated(entries: Collection[str]) -> dict[str, str]:
    """Return the version that each entry states; an empty one where it states none."""
    return {re.split("[=/:]", entry, maxsplit=1)[0]: entry.partition("=")[2] for entry in entries}


def cves_in(changelog: str) -> tuple[str, ...]:
    """Return the CVEs that a changelog names, sorted; nothing else of its text is used."""
    return tuple(
        sorted(set(CVE.findall(changelog)), key=lambda name: [int(part) for part in name.split("-")[1:]])
    )
