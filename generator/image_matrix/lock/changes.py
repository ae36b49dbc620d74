"""Lists the changes between two locks for reviewers: old → new, once for all variants."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.lock.conda import specification
from image_matrix.lock.python import package_of, version_of
from image_matrix.lock.requirements import INDEX_MARK
from image_matrix.lock.text import sections
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.lock.model import Lock, LockedPackages

NO_INTERVALS: Mapping[str, int] = MappingProxyType({})
SHORT = 19
"""``sha256:`` and twelve digits."""
MOST_NAMES = 3


def changes(old: Lock, new: Lock, intervals: Mapping[str, int] = NO_INTERVALS) -> list[str]:
    """Return a line for everything that was added, changed or removed, sources first.

    If nothing of that kind did, but the files of the two locks differ, lines name the entries that do: a file that
    changed is never called up to date. ``intervals`` are the days between two refreshes, by the id of a variant.
    """
    return _versions_and_digests(old, new, intervals) or list(_details(old, new))


def _versions_and_digests(old: Lock, new: Lock, intervals: Mapping[str, int]) -> list[str]:
    before = {name: item.digest for name, item in old.sources.items()}
    after = {name: item.digest for name, item in new.sources.items()}
    return [
        *_plain("source", before, after, SHORT),
        *_learned(old, new),
        *_plain("file", old.downloads, new.downloads, 12),
        *_extensions(old, new),
        *_plain("apt packages of", old.apt, new.apt, 99),
        *_plain(
            "snapshot", {"CRAN": old.cran} if old.cran else {}, {"CRAN": new.cran} if new.cran else {}, 99
        ),
        *_refreshed(old, new, intervals),
        *_plain("R package", _needs(old), _needs(new), 999),
        *_packages("conda", old.conda, new.conda),
        *_packages("pip", old.python, new.python),
        *_plain("default of", old.defaults, new.defaults, 99),
        *_apt_lists(old, new),
        *_hosts(old, new),
    ]


def _details(old: Lock, new: Lock) -> Iterator[str]:
    """Yield the entries with the same versions that differ in something else: what was asked, files, architectures."""
    before, after = sections(old), sections(new)
    for section in sorted({*before, *after}):
        was, now = before.get(section, {}), after.get(section, {})
        if was != now:
            names = [name for name in sorted({*was, *now}) if was.get(name) != now.get(name)]
            yield f"{section} of {listed(names, MOST_NAMES)}: the same versions, other details"


def _apt_lists(old: Lock, new: Lock) -> Iterator[str]:
    """Yield the sources whose apt fetches from other addresses than before."""
    before, after = (
        {name: ", ".join(item.apt) for name, item in lock.sources.items() if item.apt} for lock in (old, new)
    )
    return _plain("apt of", before, after, 999)


def _hosts(old: Lock, new: Lock) -> Iterator[str]:
    """Yield the hosts that send requests on to others than before."""
    before, after = (
        {name: ", ".join(others) for name, others in lock.hosts.items() if others} for lock in (old, new)
    )
    return _plain("hosts behind", before, after, 999)


def _refreshed(old: Lock, new: Lock, intervals: Mapping[str, int]) -> Iterator[str]:
    """Yield the days that moved: once for an image, if they are the same in all its variants."""
    by_image: dict[str, dict[str, str]] = {}
    for name in sorted({*old.refreshed, *new.refreshed}):
        before, after = old.refreshed.get(name, ""), new.refreshed.get(name, "")
        every = f" (every {plural(intervals[name], 'day')})" if name in intervals else ""
        text = f"refreshed {_arrow(before, after)}{every}" if before != after else ""
        by_image.setdefault(image_of(name), {})[name] = text
    for image, texts in by_image.items():
        shared = {image: next(iter(texts.values()))} if len(set(texts.values())) == 1 else texts
        yield from (f"image {name}: {text}" for name, text in shared.items() if text)


def _learned(old: Lock, new: Lock) -> Iterator[str]:
    """Yield the sources whose digest is the same, but whose platforms or configuration are new."""
    for name in sorted(old.sources.keys() & new.sources.keys()):
        before, after = old.sources[name], new.sources[name]
        if before.digest == after.digest and (before.offers, before.configs) != (after.offers, after.configs):
            yield f"source {name}: platforms and configuration (same digest)"


def _needs(lock: Lock) -> dict[str, str]:
    """Return what each R package needs of a distribution, as text."""
    return {
        f"{package} on {distribution}": f"needs {', '.join(needs) or 'nothing'}"
        for distribution, item in lock.r.items()
        for package, needs in item.needs.items()
    }


def _extensions(old: Lock, new: Lock) -> Iterator[str]:
    """Yield the versions of extensions; their files are changes of their own."""
    before, after = (
        {identifier: "/".join(sorted(versions)) for identifier, versions in _by_extension(lock).items()}
        for lock in (old, new)
    )
    return _plain("extension", before, after, 99)


def _by_extension(lock: Lock) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for entry in lock.extensions:
        identifier, _, version = entry.partition("@")
        versions.setdefault(identifier, []).append(version)
    return versions


def _plain(kind: str, old: Mapping[str, str], new: Mapping[str, str], width: int) -> Iterator[str]:
    for name in sorted({*old, *new}):
        before, after = old.get(name, "")[:width], new.get(name, "")[:width]
        if old.get(name) != new.get(name):
            yield f"{kind} {name}: {_arrow(before, after)}"


def _arrow(before: str, after: str) -> str:
    if before and after:
        return f"{before} → {after}"
    return f"{after} (new)" if after else f"{before} (gone)"


def _packages(
    kind: str, old: Mapping[str, LockedPackages], new: Mapping[str, LockedPackages]
) -> Iterator[str]:
    """Group by what happened to a package, then say to which variants."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for variant in sorted(old.keys() & new.keys()):
        before, after = _versions(old[variant]), _versions(new[variant])
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                grouped.setdefault((name, before.get(name, ""), after.get(name, "")), []).append(variant)
    for variant in sorted(set(new) - set(old)):
        yield f"{kind} {variant}: {plural(len(_versions(new[variant])), 'package')} (new)"
    for variant in sorted(set(old) - set(new)):
        yield f"{kind} {variant}: {plural(len(_versions(old[variant])), 'package')} (gone)"
    for (name, was, now), variants in sorted(grouped.items()):
        yield f"{kind} {name}: {_arrow(was, now)}, in {listed(variants, MOST_NAMES)}"


def _versions(entry: LockedPackages) -> dict[str, str]:
    """Return name to version; to both, where architectures differ."""
    versions_of: dict[str, set[str]] = {}
    for item in entry.items:
        name, version = name_and_version(item)
        versions_of.setdefault(name, set()).add(version)
    return {name: "/".join(sorted(versions)) for name, versions in versions_of.items()}


def name_and_version(item: str) -> tuple[str, str]:
    """Return both of an entry of the lock: ``name==version`` of Python, the address of a file of conda."""
    if "==" in item:
        return package_of(item), version_of(item.partition(INDEX_MARK)[0])

    name, version, _ = specification(item).split("=")
    return name, version
