"""Judges redirects: what was written with TLS stays with TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from image_matrix.registry.exchange import ConnectionFailed

if TYPE_CHECKING:
    import requests


def refuse_plain(answer: requests.Response, *_: object, **__: object) -> None:
    """Raise :class:`ConnectionFailed` for a redirect that sends a body, such as a token, on from TLS to plain HTTP.

    307 and 308 alone keep the body (RFC 9110, 15.4.8 and 15.4.9); ``requests`` leaves out the login by itself.
    """
    target = urlsplit(urljoin(answer.url, answer.headers.get("location", "")))
    keeps_body = answer.status_code in (307, 308) and answer.request.body
    if keeps_body and answer.url.startswith("https://") and target.scheme == "http":
        answer.close()
        raise ConnectionFailed(f"it sends what was written on to plain HTTP, at {target.netloc}", retry=None)
