"""Credentials as Docker keeps them: ``auths``, ``credHelpers`` and ``credsStore`` of its config.json.

Source: docs.docker.com/reference/cli/docker/login, "Credential stores"; the helpers' protocol is that of
github.com/docker/docker-credential-helpers.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.registry.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HUB_KEY = "https://index.docker.io/v1/"
TOKEN_USER = "<token>"  # noqa: S105 - the name that helpers give an identity token
HELPER_SECONDS = 30


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


def read_config(environment: Mapping[str, str]) -> dict[str, Any]:
    """Read Docker's config.json; where there is none, or it is not JSON, nobody is logged in."""
    folder = environment.get("DOCKER_CONFIG") or str(
        Path(environment.get("HOME", "~")).expanduser() / ".docker"
    )
    try:
        found = json.loads((Path(folder) / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def run_helper(name: str, server: str) -> str | None:
    """Ask a credential helper on PATH; the server's name goes to its standard input."""
    import subprocess

    if not name.replace("-", "").replace("_", "").isalnum():
        return None
    try:
        done = subprocess.run(
            [f"docker-credential-{name}", "get"],
            input=server,
            capture_output=True,
            text=True,
            timeout=HELPER_SECONDS,
            check=False,
            env=dict(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def credentials_for(
    host: str, config: Mapping[str, Any], helper: Callable[[str, str], str | None] = run_helper
) -> Credentials | None:
    """Return what Docker would log in with: a helper of this registry, the general helper, then ``auths``."""
    servers = (
        (HUB_KEY, DOCKER_HUB) if host == DOCKER_HUB else (host, f"https://{host}", f"https://{host}/v1/")
    )
    helpers = config.get("credHelpers") or {}
    for server in servers:
        name = helpers.get(server) or config.get("credsStore")
        found = _from_helper(helper(name, server)) if name else None
        if found:
            return found
    for server in servers:
        entry = (config.get("auths") or {}).get(server)
        found = _from_entry(entry) if isinstance(entry, dict) else None
        if found:
            return found
    return None


def _from_helper(output: str | None) -> Credentials | None:
    try:
        found = json.loads(output or "")
    except ValueError:
        return None
    user, secret = str(found.get("Username", "")), str(found.get("Secret", ""))
    return Credentials(identity_token=secret) if user == TOKEN_USER else Credentials(user, secret)


def _from_entry(entry: Mapping[str, Any]) -> Credentials | None:
    if entry.get("identitytoken"):
        return Credentials(identity_token=str(entry["identitytoken"]))
    if entry.get("username"):
        return Credentials(str(entry["username"]), str(entry.get("password", "")))
    try:
        user, colon, password = base64.b64decode(entry.get("auth", ""), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Credentials(user, password.rstrip("\0")) if colon else None
