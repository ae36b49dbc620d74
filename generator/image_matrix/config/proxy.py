"""Works out the proxy variables of builds: what the matrix says in ``network.proxy``, else the caller's variables.

The names are those that curl, pip, apt, npm, git and programs in Go read. Each is set in both cases: curl reads
``http_proxy`` in lower case alone (curl.se/docs/manpage.html, "Environment").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE_PREFIX = "env://"
"""Begins the name of an environment variable, and of the repository's secret, in place of a value."""
HTTP, HTTPS, NO_PROXY = "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Programs in Go never ask a proxy for them; others do, if NO_PROXY does not name them."""


def named_variable(value: str | None) -> str | None:
    """Return the NAME of ``env://NAME``; ``None`` for any other value."""
    return value.removeprefix(VARIABLE_PREFIX) if value and value.startswith(VARIABLE_PREFIX) else None


@dataclass(frozen=True, slots=True)
class Proxy:
    """The forward proxies of builds."""

    http: str | None = None
    """For addresses with ``http://``: an address, or ``env://NAME`` for the variable that has it."""
    https: str | None = None
    """For addresses with ``https://``, in the same form."""
    no_proxy: tuple[str, ...] = ()
    """Hosts and domains that are asked directly."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of the variables with an address; in runs, of the repository's secrets."""
        named = map(named_variable, (self.http, self.https))
        return tuple(dict.fromkeys(name for name in named if name))


def proxy_variables(proxy: Proxy, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy variables in both cases, or nothing if there is no proxy.

    Field by field, the matrix goes before the caller's variables, and of those the one in lower case before the other.
    """
    http = _address(proxy.http, environment) or _variable(HTTP, environment)
    https = _address(proxy.https, environment) or _variable(HTTPS, environment)
    if not http and not https:
        return {}
    direct = proxy.no_proxy or _names(_variable(NO_PROXY, environment))
    values = {HTTP: http, HTTPS: https, NO_PROXY: ",".join(dict.fromkeys((*direct, *THIS_MACHINE)))}
    return {name: value for key, value in values.items() if value for name in (key, key.lower())}


def missing_secrets(proxy: Proxy, environment: Mapping[str, str]) -> list[str]:
    """Return the variables that the matrix names and the environment does not have."""
    return [name for name in proxy.secrets if not environment.get(name, "").strip()]


def open_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that everybody may read: those whose address has no user and no password."""
    return {name: value for name, value in variables.items() if not has_login(value)}


def secret_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the others."""
    return {name: value for name, value in variables.items() if has_login(value)}


def within_steps(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without proxies on this machine's own address: a build step is another machine there."""
    return {name: value for name, value in variables.items() if not _is_local(name, value)}


def _is_local(name: str, value: str) -> bool:
    host = urlsplit(f"//{shown(value)}").hostname or ""
    return name.upper() != NO_PROXY and (host in THIS_MACHINE or host.startswith("127."))


def has_login(address: str) -> bool:
    """Say whether an address of a proxy has a user or a password; ``http://`` may be left out in front of it."""
    return "@" in address


def shown(address: str) -> str:
    """Return the host and port of a proxy's address, for messages: nothing else of it is printed."""
    place = urlsplit(address if "://" in address else f"//{address}").netloc
    return place.rpartition("@")[2] or "?"


def _address(value: str | None, environment: Mapping[str, str]) -> str:
    name = named_variable(value)
    return environment.get(name, "").strip() if name is not None else value or ""


def _variable(name: str, environment: Mapping[str, str]) -> str:
    return environment.get(name.lower(), "").strip() or environment.get(name, "").strip()


def _names(value: str) -> Iterable[str]:
    return (name for part in value.split(",") if (name := part.strip()))
