"""Chooses what the lock notes of hosts: the defaults of installers, and where public hosts send requests on to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.config.mirrors import mirrored
from image_matrix.lock.fetched import fetched
from image_matrix.lock.resolver_api import DEFAULT_INDEX
from image_matrix.lock.sources import used_references
from image_matrix.registry.addresses import is_plain
from image_matrix.registry.host_log import origin
from image_matrix.registry.known_hosts import behind, real_host
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.model import Lock
    from image_matrix.registry.host_log import HostLog

    Hosts = Mapping[str, tuple[str, ...]]


def note_indexes(host_log: HostLog, indexes: Mapping[str, Collection[str]], default: str | None) -> None:
    """Note the hosts of the files of indexes, which uv has fetched; ``default`` is the address of the default one."""
    for index, others in indexes.items():
        address = default if index == DEFAULT_INDEX else index
        if address:
            host_log.note(address, others)


def noted_hosts(
    loaded: Loaded, lock: Lock, old: Hosts, host_log: Mapping[str, set[str]], touch: Callable[[str], None]
) -> dict[str, tuple[str, ...]]:
    """Return what public hosts send on to: what was noted before, and what ``host_log`` has of this run.

    A host that neither knows is asked for a file with ``touch``, which adds to ``host_log``. Mirrors are left out, and
    hosts that are known anyway (:mod:`image_matrix.registry.known_hosts`).
    """
    files = public_hosts(loaded, lock)
    for host, file in files.items():
        if file and host not in old and host not in host_log:
            touch(file)
    joined = {
        host: {*old.get(host, ()), *host_log.get(host, ())}
        for host in files
        if host in old or host in host_log
    }
    return {host: tuple(sorted(others)) for host, others in joined.items()}


def public_hosts(loaded: Loaded, lock: Lock) -> dict[str, str | None]:
    """Return the public hosts of which nothing is known, each with the address of a file there, if there is one."""
    hosts: dict[str, str | None] = {}
    for item in fetched(loaded, lock):
        if not item.is_mirrored and _is_unknown(origin(item.address)):
            hosts[origin(item.address)] = hosts.get(origin(item.address)) or item.file
    for reference in used_references(loaded):
        address = registry_address(parse_reference(reference).host)
        is_mirrored = mirrored(reference, loaded.matrix.network.mirrors.registries) != reference
        if not is_mirrored and _is_unknown(address):
            hosts.setdefault(address, None)
    return hosts


def registry_address(host: str) -> str:
    """Return scheme and host that answer for a registry."""
    return origin(f"{'http' if is_plain(host) else 'https'}://{real_host(host)}")


def _is_unknown(address: str) -> bool:
    return behind(urlsplit(address).hostname or "") is None
