"""Adds to an address the hosts that it sends requests on to: known ones, and those that the lock has noted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of, https
from image_matrix.registry.host_log import origin
from image_matrix.registry.known_hosts import behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.endpoints.model import Step
    from image_matrix.registry.known_hosts import KnownHost

    Entries = Iterator[EndpointNeed | UnknownHosts]


def known(hosts: tuple[KnownHost, ...], steps: tuple[Step, ...], what: str) -> Entries:
    """Yield the hosts of a service; ``what`` is its name."""
    for host in hosts:
        yield EndpointNeed(https(host.name), steps, f"{what}: {host.use}", source=host.source)


def sent_on(
    address: str, steps: tuple[Step, ...], noted: Mapping[str, tuple[str, ...]], advice: str = ""
) -> Entries:
    """Yield the hosts that an address sends on to, or that they are not known and what finds them out.

    Without ``advice``, unknown hosts are passed over.
    """
    host = urlsplit(address).hostname or ""
    listed, others = behind(host), noted.get(origin(address))
    yield from known(listed or (), steps, host)
    for other in others or ():
        yield EndpointNeed(endpoint_of(other), steps, f"{host} sends requests on to it: the lock noted it")
    if listed is None and others is None and advice:
        yield UnknownHosts(steps, f"where {origin(address)} sends requests on to", advice)
