"""Finds where packages, downloads and extensions come from, behind their mirrors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.mirrors import mirrored
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of
from image_matrix.endpoints.sent_on import sent_on
from image_matrix.lock.defaults import used_installers
from image_matrix.lock.fetched import fetched
from image_matrix.lock.python import package_of
from image_matrix.lock.requirements import INDEX_MARK
from image_matrix.lock.source_lists import apt_sources

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.endpoints.sent_on import Entries
    from image_matrix.lock.fetched import FetchedAddress
    from image_matrix.lock.model import Lock

LOCK = "`image-matrix lock` notes it, from a place that reaches it"
_DEFAULTS = {
    "pip": ("pip's default index of Python packages", "`image-matrix lock` asks uv for it"),
    "npm": (
        "npm's default registry",
        "`image-matrix lock` asks npm for it, where npm is installed; `npm config get registry` prints it",
    ),
    "python": ("where uv fetches Python itself from", "`image-matrix lock` asks uv for it"),
}


def package_needs(loaded: Loaded, lock: Lock) -> Entries:
    """Yield the hosts of everything that builds and the lock fetch beside images."""
    for item in fetched(loaded, lock):
        yield EndpointNeed(endpoint_of(item.reached), item.phases, item.what, item.path)
        if not item.is_mirrored:
            yield from sent_on(item.address, item.phases, lock.hosts, _advice(item, lock))
    yield from _unknown_defaults(loaded, lock)
    yield from _apt(loaded, lock)


def _advice(item: FetchedAddress, lock: Lock) -> str:
    """Return what notes the hosts behind an address; empty for one that sends nowhere, as git and npm."""
    if not item.notes:
        return ""
    if item.file is None and item.what.startswith("Python packages") and lock.python:
        name = next((name for name in _from_index(item, lock)), None)
        return f"`image-matrix lock --upgrade {name}` notes it" if name else LOCK
    return LOCK


def _from_index(item: FetchedAddress, lock: Lock) -> list[str]:
    """Return the locked packages of an index; for the default one, those without an index."""
    is_default = item.address == lock.defaults.get("pip")
    entries = {entry for packages in lock.python.values() for entry in packages.items}
    return sorted(
        package_of(entry)
        for entry in entries
        if entry.partition(INDEX_MARK)[2] == ("" if is_default else item.address)
    )


def _unknown_defaults(loaded: Loaded, lock: Lock) -> Entries:
    mirrors = loaded.matrix.network.mirrors
    configured = {"pip": mirrors.pip, "npm": mirrors.npm, "python": None}
    for name in used_installers(loaded):
        if name not in lock.defaults and not configured[name]:
            what, advice = _DEFAULTS[name]
            yield UnknownHosts(("lock", "build") if name == "pip" else ("build",), what, advice, ("images",))


def _apt(loaded: Loaded, lock: Lock) -> Entries:
    mirrors = loaded.matrix.network.mirrors.apt
    for reference, name in apt_sources(loaded).items():
        entry, path = lock.sources.get(reference), ("sources", name)
        if entry is None or entry.apt is None:
            advice = "`image-matrix lock` reads it from the image, from a place that reaches its registry"
            yield UnknownHosts(("build",), f"where apt of source {name} fetches packages", advice, path)
        for address in (entry.apt or ()) if entry else ():
            what = f"apt packages: the lists in source {name}"
            yield EndpointNeed(endpoint_of(mirrored(address, mirrors)), ("build",), what, path)
        if loaded.matrix.asks_snapshot(name):
            day = lock.apt.get(name, "DAY")
            advice = f"`apt-get --snapshot {day} --print-uris update` in the image prints it"
            yield UnknownHosts(("build",), f"where apt of source {name} fetches snapshots", advice, path)
