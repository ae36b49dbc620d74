"""Finds the hosts that Trivy and Grype fetch their databases of vulnerabilities from.

Sources: trivy.dev/docs/latest/advanced/air-gap and Trivy's pkg/flag/options.go (``cast``), pkg/commands/artifact/run.go
(``initDB``, ``initJavaDB``); Grype's cmd/grype/cli/options/database.go. For both, an empty variable is not set.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.endpoints.model import EndpointNeed, UnknownHosts, endpoint_of
from image_matrix.endpoints.sent_on import known, sent_on
from image_matrix.lock.hosts import registry_address
from image_matrix.registry.addresses import GO_HUB_HOST
from image_matrix.registry.known_hosts import service
from image_matrix.registry.reference import DOCKER_HUB, parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.release import Scanning
    from image_matrix.endpoints.sent_on import Entries
    from image_matrix.registry.known_hosts import KnownHost

_TRUE, _FALSE = frozenset(("1", "t", "true")), frozenset(("0", "f", "false"))
"""What Go reads as a boolean, in small letters; pkg.go.dev/strconv#ParseBool."""
_DATABASE = "the database of vulnerabilities"
_JAVA, _JAVA_DATABASE = "TRIVY_JAVA_DB_REPOSITORY", "the database of Java archives"


def database_needs(scanning: Scanning) -> Entries:
    """Yield where Trivy or Grype fetches what it knows: from its maker, from what its variables name, or not."""
    variables = _grypes(scanning.env) if scanning.tool == "grype" else _trivys(scanning)
    for name in variables:
        if name in scanning.secrets:
            what, path = _what(scanning, name), ("release", "scan", "secrets")
            yield UnknownHosts(("scan",), what, f"it is the address in the secret {name}", path)
        elif name.endswith("_REPOSITORY"):
            for reference in _references(scanning.env.get(name, "")):
                yield from _registry(_what(scanning, name), reference)
        elif address := scanning.env.get(name, "").strip():
            yield from _address(_what(scanning, name), address)
    makers = [name for name in variables if not _is_set(scanning, name)]
    if makers:
        yield from known(_makers_hosts(scanning.tool, makers), ("scan",), scanning.tool)


def _what(scanning: Scanning, variable: str) -> str:
    """Return what the scanner fetches from where a variable says."""
    return f"{scanning.tool}: {_JAVA_DATABASE if variable == _JAVA else _DATABASE}"


def _makers_hosts(tool: str, variables: list[str]) -> tuple[KnownHost, ...]:
    """Return the hosts of a scanner's maker, for what these variables leave to it; Trivy's two databases share them."""
    hosts = service(tool)
    if variables != [_JAVA]:
        return hosts
    return tuple(replace(host, use=host.use.replace(_DATABASE, _JAVA_DATABASE)) for host in hosts)


def _grypes(env: Mapping[str, str]) -> list[str]:
    """Return the variable that says where Grype fetches from; none if it fetches nothing."""
    return [] if _is(env.get("GRYPE_DB_AUTO_UPDATE"), _FALSE) else ["GRYPE_DB_UPDATE_URL"]


def _trivys(scanning: Scanning) -> list[str]:
    """Return the variables that say where Trivy fetches from.

    A server has a database of its own. The second database, for Java archives, Trivy reads itself even then.
    """
    places = {
        name: f"TRIVY_{name}_REPOSITORY"
        for name in ("DB", "JAVA_DB")
        if not _is(scanning.env.get(f"TRIVY_SKIP_{name}_UPDATE"), _TRUE)
    }
    if _is_set(scanning, "TRIVY_SERVER"):
        places["DB"] = "TRIVY_SERVER"
    return [*places.values()]


def _is_set(scanning: Scanning, name: str) -> bool:
    """Say whether a variable has a value; a list without an entry is none."""
    value = scanning.env.get(name, "")
    return name in scanning.secrets or bool(
        _references(value) if name.endswith("_REPOSITORY") else value.strip()
    )


def _references(value: str) -> list[str]:
    """Return the entries of a list of Trivy's, each of which it tries until one answers."""
    return [entry for entry in re.split(r"[,\s]+", value) if entry]


def _registry(what: str, reference: str) -> Entries:
    """Yield the hosts of a registry; an entry with a scheme is no reference, and Trivy refuses it."""
    host = "" if "://" in reference else parse_reference(reference).host
    try:
        address = f"https://{GO_HUB_HOST}" if host == DOCKER_HUB else registry_address(host)
    except ValueError:  # half an IPv6 address
        address = ""
    yield from _address(what, address)
    if address:
        yield from sent_on(f"https://{host}", ("scan",), {})


def _address(what: str, address: str) -> Entries:
    path = ("release", "scan", "env")
    with suppress(ValueError):  # the port is no number
        endpoint = endpoint_of(address)
        if endpoint.host and endpoint.port:
            yield EndpointNeed(endpoint, ("scan",), what, path)
            return
    yield UnknownHosts(
        ("scan",), what, "its address in `release.scan.env` names no host that can be listed", path
    )


def _is(value: str | None, words: frozenset[str]) -> bool:
    return (value or "").lower() in words
