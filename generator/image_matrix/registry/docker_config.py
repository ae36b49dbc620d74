"""Reads a whole configuration of Docker from a secret, and expands its entries to the hosts that a matrix names.

Sources of the rules: kubernetes.io/docs/concepts/containers/images, "Interpretation of config.json" (``*`` stands for
characters of one part of the host); github.com/containers/image, docs/containers-auth.json.5.md (``HOST/PATH``, of
which the longest counts). Docker itself knows hosts alone, so one entry of a host has to do.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from image_matrix.errors import EnvironmentFailure
from image_matrix.json_data import NestingError, read_json
from image_matrix.registry.addresses import HUB_HOST
from image_matrix.registry.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.json_data import Json

HUB_ENTRY = "https://index.docker.io/v1/"
"""The entry in which Docker keeps its login to Docker Hub."""
_HUB_HOSTS = (DOCKER_HUB, "index.docker.io", HUB_HOST)
_FIELDS = ("auth", "username", "password", "identitytoken", "registrytoken")
_HELP = (
    'paste a config.json with `"auths"` into it; from a cluster: '
    "`kubectl get secret NAME --output jsonpath='{.data.\\.dockerconfigjson}' | base64 --decode`"
)


@dataclass(frozen=True, slots=True)
class HostLogins:
    """The logins of the hosts that a matrix names."""

    entries: Mapping[str, Mapping[str, str]] = field(repr=False)
    """Docker's entries by host."""
    divided: tuple[str, ...]
    """Hosts of which references have different logins; the first reference decided."""


def read_auths(text: str, name: str) -> dict[str, dict[str, str]]:
    """Return the entries of a configuration; ``name`` is that of its secret.

    Raises :class:`EnvironmentFailure`, whose message never repeats a part of the text.
    """
    try:
        content = read_json(text)
    except json.JSONDecodeError as error:
        message = f"the secret {name} is not JSON (line {error.lineno}, column {error.colno})"
        raise EnvironmentFailure(message, _HELP) from None
    except NestingError:
        raise EnvironmentFailure(f"the secret {name} is nested too deeply", _HELP) from None
    except ValueError:  # Python reads no number of more than 4300 digits
        raise EnvironmentFailure(f"the secret {name} is not JSON: a number is too long", _HELP) from None
    auths = content.get("auths") if isinstance(content, dict) else None
    if not isinstance(auths, dict) or not all(isinstance(entry, dict) for entry in auths.values()):
        raise EnvironmentFailure(f"the secret {name} has no logins in `auths`", _HELP)
    return {server: _entry(entry) for server, entry in auths.items()}


def _entry(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return an entry as Docker writes it: user and password in ``auth``."""
    kept = {name: str(entry[name]) for name in _FIELDS if entry.get(name)}
    user, password = kept.pop("username", ""), kept.pop("password", "")
    if user and "auth" not in kept:
        kept["auth"] = base64.b64encode(f"{user}:{password}".encode()).decode()
    return kept


def expand(auths: Mapping[str, Mapping[str, str]], references: Iterable[str]) -> HostLogins:
    """Return the entry for each host of references such as ``quay.io/team/images``, whose first part is a host."""
    entries: dict[str, Mapping[str, str]] = {}
    divided: dict[str, None] = {}
    for reference in references:
        entry = _best(auths, reference)
        host = reference.partition("/")[0]
        server = HUB_ENTRY if host == DOCKER_HUB else host
        if entry is not None and entries.setdefault(server, entry) != entry:
            divided[host] = None
    return HostLogins(entries, tuple(divided))


def _best(auths: Mapping[str, Mapping[str, str]], reference: str) -> Mapping[str, str] | None:
    """Return the entry whose path is the longest one that fits; a host without ``*`` comes before one with it."""
    fitting = [
        (len(path), "*" not in host, entry)
        for server, entry in auths.items()
        for host, path in (_parts(server),)
        if _fits(host, path, reference)
    ]
    return max(fitting, key=lambda item: item[:2])[2] if fitting else None


def _parts(server: str) -> tuple[str, str]:
    """Return host and path of an entry, which may be written as an address of Docker's API."""
    bare = server.removeprefix("https://").removeprefix("http://").strip("/")
    host, _, path = bare.partition("/")
    path = "" if path in ("v1", "v2") else path.strip("/")
    return (DOCKER_HUB if host in _HUB_HOSTS else host), path


def _fits(host: str, path: str, reference: str) -> bool:
    name, _, repository = reference.partition("/")
    patterns, labels = host.split("."), name.split(".")
    same_host = len(patterns) == len(labels) and all(map(fnmatchcase, labels, patterns))
    return same_host and (not path or f"{repository}/".startswith(f"{path}/"))


def hidden_texts(auths: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the texts of entries that a log must not show: tokens, passwords, and both in their encoded form."""
    texts = [value for entry in auths.values() for value in entry.values()]
    return [*texts, *(password for text in texts if (password := _password(text)))]


def _password(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def merged(existing: Mapping[str, Any], entries: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return a configuration with the entries added, which no credential helper hides.

    A section of another form than a mapping, which was edited by hand, is left out.
    """
    auths, known = (_mapping(existing.get(name)) for name in ("auths", "credHelpers"))
    helpers = {host: name for host, name in known.items() if host not in entries}
    kept = {name: value for name, value in existing.items() if name not in ("credsStore", "credHelpers")}
    return {
        **kept,
        "auths": {**auths, **entries},
        **({"credHelpers": helpers} if helpers else {}),
    }


def _mapping(section: Json) -> Mapping[str, Any]:
    return section if isinstance(section, dict) else {}
