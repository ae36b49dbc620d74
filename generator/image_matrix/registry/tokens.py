"""Authenticates: turns a registry's 401 into an ``Authorization`` header that the registry accepts.

Source: distribution.github.io/distribution/spec/auth/token and …/spec/auth/oauth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from image_matrix.json_data import read_json
from image_matrix.registry.answers import Denied, Unreachable, limited
from image_matrix.registry.exchange import ConnectionFailed, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.registry.credentials import Credentials
    from image_matrix.registry.exchange import Response, Transport

CLIENT_ID = "image-matrix"
PULL, PUSH, DELETE = "pull", "pull,push", "delete"
"""What a token permits; distribution.github.io/distribution/spec/auth/scope."""
_PARAMETER = re.compile(r'([a-zA-Z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


def challenge(header: str) -> tuple[str, dict[str, str]]:
    """Split ``WWW-Authenticate`` into its scheme, in lower case, and its parameters."""
    scheme, _, rest = header.strip().partition(" ")
    values = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
    return scheme.lower(), values


def authorization(
    header: str,
    repository: str,
    credentials: Credentials | None,
    transport: Transport,
    *,
    plain: bool,
    actions: str = PULL,
) -> str | Denied | Unreachable:
    """Return the header that answers a challenge; ``plain`` allows a token server without TLS.

    ``actions`` are :data:`PULL`, :data:`PUSH` or :data:`DELETE`. For :data:`PUSH`, the scope of the challenge does not
    count: it is that of one request, and a push consists of several.
    """
    scheme, values = challenge(header)
    if scheme == "basic":
        return credentials.basic if credentials else Denied("it asks for a login (`docker login`)")
    if scheme != "bearer" or "realm" not in values:
        return Denied(f"it requires an unknown authentication scheme: {scheme or 'none named'}")
    try:
        scheme = urlsplit(values["realm"]).scheme
    except ValueError:
        return Denied("it names a token server whose address is none")
    if scheme != "https" and not plain:
        return Denied("its token server has no TLS")
    try:
        response = transport(_token_request(values, repository, credentials, actions))
    except ConnectionFailed as error:
        return Unreachable(f"its token server: {error.reason}")
    return _token(response, known=credentials is not None)


def _token_request(
    values: Mapping[str, str], repository: str, credentials: Credentials | None, actions: str
) -> HttpRequest:
    challenged = None if actions == PUSH else values.get("scope")
    scope = challenged or f"repository:{repository}:{actions}"
    parameters = {"service": values.get("service", ""), "scope": scope}
    if credentials and credentials.identity_token:
        form = {
            **parameters,
            "grant_type": "refresh_token",
            "refresh_token": credentials.identity_token,
            "client_id": CLIENT_ID,
        }
        return HttpRequest("POST", values["realm"], content=form)
    headers = {"Authorization": credentials.basic} if credentials else {}
    join = "&" if "?" in values["realm"] else "?"
    query = urlencode({key: value for key, value in parameters.items() if value})
    return HttpRequest("GET", f"{values['realm']}{join}{query}", headers)


def _token(response: Response, *, known: bool) -> str | Denied | Unreachable:
    if response.limited:
        return limited(response)
    if response.status in (400, 401, 403):
        return Denied("it does not accept the credentials" if known else "it issues no token without a login")
    if response.status != 200:
        return Unreachable(f"its token server: HTTP {response.status}")
    try:
        content = read_json(response.body)
        token = content.get("token") or content.get("access_token")
    except (ValueError, AttributeError):
        token = None
    return f"Bearer {token}" if token else Unreachable("its token server answers without a token")
