"""Recognizes package indexes and file servers that ask for a login, and gives the remedy."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from image_matrix.config.proxy import named_variable

NOT_FOUND = "was not found in the package registry"
"""As uv says it, of an index too that did not let it look."""
_STATUS = re.compile(r"\b(401) Unauthorized|\b(403) Forbidden")
"""As uv prints an answer of HTTP."""


def status_in(text: str) -> str | None:
    """Return the status by which a server refused, as uv tells of it; ``None`` where none did."""
    match = _STATUS.search(text)
    return (match[1] or match[2]) if match else None


def remedy(address: str, logins: str | None) -> str:
    """Return what helps where a server asks for a login; ``logins`` is the file that ``network.netrc`` names, if any.

    Source of the format: gnu.org/software/inetutils/manual, "The .netrc file".
    """
    host = urlsplit(address).hostname
    if secret := named_variable(logins):
        return f"correct the login of {host} in the secret {secret}"
    if logins:
        return f"correct the login of {host} in {logins}, the file that `network.netrc` names"
    line = f"`machine {host} login NAME password PASSWORD`"
    return (
        f"put {line} into a file, and name it in an overlay that is not committed: `network: {{netrc: FILE}}`"
    )
