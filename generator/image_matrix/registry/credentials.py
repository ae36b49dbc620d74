"""Logins of registries as Docker keeps them: ``docker.auth`` reads its config.json and asks its credential helpers.

Source: docs.docker.com/reference/cli/docker/login, "Credential stores". What a message says of a login is where it is
kept and what to do, never a part of it: neither an entry of the file nor what a helper prints is repeated.
"""

from __future__ import annotations

import base64
import json
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.json_data import Json


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or an identity token (OAuth2's refresh token) in place of both."""

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
    """There may be a login, and it cannot be read."""

    reason: str
    remedy: str


Login = Credentials | Unreadable | None
"""``None`` where nobody is logged in."""


def config_file(environment: Mapping[str, str]) -> Path:
    """Return Docker's config.json: in the folder DOCKER_CONFIG, or in ~/.docker."""
    return Path(environment.get("DOCKER_CONFIG") or "~/.docker").expanduser() / "config.json"


def logins(file: Path) -> Callable[[str], Login]:
    """Return what knows every host's login; it is looked up once, when somebody asks for it."""
    known: dict[str, Login] = {}
    lock = threading.Lock()

    def login(host: str) -> Login:
        with lock:
            if host not in known:
                known[host] = login_of(host, file)
            return known[host]

    return login


def login_of(host: str, file: Path) -> Login:
    """Return what Docker would log in with: a helper of this registry, the general helper, then ``auths``."""
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
    ):  # whatever comes of a file that people edit; the error's text could hold a part of the login
        return Unreadable(f"{file}: what it says of {host} is not a login", again)
    program = f"docker-credential-{helper}"
    if helper and not shutil.which(program):
        problem = f"{file} names the credential helper `{program}`, which is not on PATH"
        return Unreadable(problem, "install it, or remove it from the file and log in again")
    try:
        return _credentials(config.resolve_authconfig(host) or {})
    except Exception:  # whatever a helper prints; the error's text has it
        return Unreadable(f"`{program}` failed", f"{again}; `docker pull` shows what the helper says")


def _sections(file: Path) -> dict[str, Any] | Unreadable:
    """Return what Docker's configuration says of logins; nothing where there is no file."""
    remedy = "correct it, or remove the file and log in again"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        return Unreadable(f"{file}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}", remedy)
    except UnicodeDecodeError:
        return Unreadable(f"{file}: not UTF-8", remedy)
    except OSError as error:
        return Unreadable(f"{file} cannot be read: {error.strerror}", "check who may read it")
    sections = content if isinstance(content, dict) else {}
    return {name: sections[name] for name in ("auths", "credsStore", "credHelpers") if sections.get(name)}


def _entries(auths: object, host: str) -> dict[str, Any]:
    """Return a host's entries as the library knows them: without empty fields, user and password in ``auth``."""
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
    """Read what the library returns, whose names are in lower case for ``auths`` and in upper case for helpers."""
    entry = {name.lower(): value for name, value in answer.items()}
    if "identitytoken" in entry:
        return Credentials(identity_token=entry["identitytoken"])
    if "username" not in entry:
        return None
    return Credentials(entry["username"], entry["password"].rstrip("\0"))
