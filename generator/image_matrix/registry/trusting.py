"""Sends requests to trusted hosts without a check of their certificate, and in plain HTTP where they have no TLS.

All other hosts, also those that a trusted one redirects to, are checked as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from image_matrix.config.trusted_hosts import trusts

if TYPE_CHECKING:
    from collections.abc import Collection

    import requests
    from requests.adapters import BaseAdapter, HTTPAdapter


@dataclass(frozen=True, slots=True)
class TrustingAdapter:
    """What a session sends with, around the usual adapter; requests.readthedocs.io, "Transport Adapters"."""

    usual: HTTPAdapter
    trusted: Collection[str]
    _plain: set[str] = field(default_factory=set)
    """Hosts that answered in plain HTTP."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        """Send a request; the first error is raised if plain HTTP does not answer either."""
        import requests

        url = request.url or ""
        if not url.startswith("https://") or not trusts(url, self.trusted):
            return self.usual.send(request, **options)
        host = url.split("/", 3)[2]
        if host in self._plain:
            return self.usual.send(_in_plain(request), **options)
        try:
            return self.usual.send(request, **{**options, "verify": False})
        except requests.exceptions.ConnectionError as error:  # an SSLError is one
            try:
                answer = self.usual.send(_in_plain(request), **options)
            except OSError:
                raise error from None
            self._plain.add(host)
            return answer

    def close(self) -> None:
        """Close the connections."""
        self.usual.close()


def _in_plain(request: requests.PreparedRequest) -> requests.PreparedRequest:
    plain = request.copy()
    plain.url = "http://" + (request.url or "").removeprefix("https://")
    return plain


def trust(session: requests.Session, usual: HTTPAdapter, trusted: Collection[str]) -> None:
    """Make a session trust hosts; urllib3 then prints no warning for each request."""
    import urllib3

    if trusted:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        session.mount("https://", cast("BaseAdapter", TrustingAdapter(usual, trusted)))
