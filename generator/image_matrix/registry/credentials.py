"""Reads registry logins as Docker stores them, from config.json and credential helpers, with ``docker.auth``.

Source: docs.docker.com/reference/cli/docker/login, "Credential stores". A message names the location of a login and the
remedy. It never repeats an entry of the file or the output of a helper.
"""

from __future__ import annotations

import base64
import json
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.json_data import NestingError, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or an identity token (OAuth2's refresh token) instead of both."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of an ``Authorization`` header."""
        text = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(text).decode()}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There may be a login, but it cannot be read."""

    reason: str
    remedy: str


RegistryLogin = Credentials | Unreadable | None
"""``None`` if there is no login."""


def config_file(environment: Mapping[str, str]) -> Path:
    """Return Docker's config.json: in the folder DOCKER_CONFIG, or in ~/.docker."""
    return Path(environment.get("DOCKER_CONFIG") or "~/.docker").expanduser() / "config.json"


def logins(file: Path) -> Callable[[str], RegistryLogin]:
    """Return a function from host to login, which looks up each login once, when it is first needed."""
    known: dict[str, RegistryLogin] = {}
    lock = threading.Lock()

    def login(host: str) -> RegistryLogin:
        with lock:
            if host not in known:
                known[host] = login_of(host, file)
            return known[host]

    return login


def login_of(host: str, file: Path) -> RegistryLogin:
    """Return the login that Docker uses: from the helper of this registry, the general helper, then ``auths``."""
    sections = _sections(file)
    if isinstance(sections, Unreadable):
        return sections
    if not sections:
        return None
    from docker import auth

    again = f"run `docker login {host}` again"
    try:
        entries = auth.parse_auth(_entries(sections.get("auths"), host), raise_on_error=True)
        config = auth.AuthConfig({**sections, "auths": entries})
        helper = config.get_credential_store(host)
    except (
        Exception
    ):  # the file may be edited by hand; the text of the error could contain a part of the login
        return Unreadable(f"{file}: the entry for {host} is not a login", again)
    program = f"docker-credential-{helper}"
    if helper and not shutil.which(program):
        problem = f"{file} names the credential helper `{program}`, which is not on PATH"
        return Unreadable(problem, "install it, or remove it from the file and log in again")
    try:
        return _credentials(config.resolve_authconfig(host) or {})
    except Exception:  # the text of the error contains the output of the helper
        return Unreadable(f"`{program}` failed", f"{again}; `docker pull` shows the helper's message")


def _sections(file: Path) -> dict[str, Any] | Unreadable:
    """Return the sections of Docker's configuration about logins; empty if there is no file."""
    content = read_configuration(file)
    if isinstance(content, Unreadable):
        return content
    return {name: content[name] for name in ("auths", "credsStore", "credHelpers") if content.get(name)}


def read_configuration(file: Path) -> dict[str, Any] | Unreadable:
    """Return Docker's configuration; empty if there is no file, or no mapping in it."""
    remedy = "correct it, or remove the file and log in again"
    try:
        content = read_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        return Unreadable(f"{file}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}", remedy)
    except UnicodeDecodeError:
        return Unreadable(f"{file}: not UTF-8", remedy)
    except NestingError:
        return Unreadable(f"{file}: nested too deeply", remedy)
    except ValueError:  # Python reads no number of more than 4300 digits
        return Unreadable(f"{file}: not valid JSON: a number is too long", remedy)
    except OSError as error:
        return Unreadable(f"{file} cannot be read: {error.strerror}", "check its permissions")
    return content if isinstance(content, dict) else {}


def _entries(auths: object, host: str) -> dict[str, Any]:
    """Return a host's entries in the form of the library: without empty fields, user and password in ``auth``."""
    from docker.auth import resolve_index_name

    entries = auths.items() if isinstance(auths, dict) else ()
    return {server: _entry(entry) for server, entry in entries if resolve_index_name(server) == host}


def _entry(entry: Json) -> Json:
    if not isinstance(entry, dict):
        return entry
    filled = {name: value for name, value in entry.items() if value}
    if "auth" in filled or "username" not in filled:
        return filled
    text = f"{filled['username']}:{filled.get('password', '')}".encode()
    return {**filled, "auth": base64.b64encode(text).decode()}


def _credentials(answer: Mapping[str, str]) -> Credentials | None:
    """Read the result of the library; its names are in lower case for ``auths`` and in upper case for helpers."""
    entry = {name.lower(): value for name, value in answer.items()}
    if "identitytoken" in entry:
        return Credentials(identity_token=entry["identitytoken"])
    if "username" not in entry:
        return None
    return Credentials(entry["username"], entry["password"].rstrip("\0"))
