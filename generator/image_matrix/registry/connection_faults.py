"""Says why there was no connection, and what to set: names, certificates, plain HTTP, proxies.

The texts are those of Python's ``ssl`` (docs.openssl.org, "SSL_CTX_set_verify") and of urllib3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.config.proxy import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN_HTTP = re.compile(
    r"wrong.version.number|record layer failure|packet length too long|HTTP_REQUEST", re.IGNORECASE
)
"""What OpenSSL says of an answer that is not TLS."""
_OTHER_NAME = re.compile(r"hostname mismatch|IP address mismatch|doesn't match", re.IGNORECASE)
_STATUS = re.compile(r"Tunnel connection failed: (\d{3})")
_REFUSES = {
    "407": "asks for a login: set `network: {proxy: {https: env://NAME}}`, and the variable NAME to http://USER:PASSWORD@HOST:PORT",
    "403": "does not let this host through: allow it there, or name it in `network.proxy.no_proxy`",
}


def tls_fault(host: str, text: str) -> str:
    """Return what is wrong with the TLS of a host, and what to set; ``text`` is the error."""
    if PLAIN_HTTP.search(text):
        return f"it speaks plain HTTP; if that is meant, write `network: {{trusted_hosts: [{host}]}}`"
    if "expired" in text:
        return "its certificate has expired"
    if _OTHER_NAME.search(text):
        return "its certificate is for another name"
    return (
        "the certificate is not trusted; set `network.ca_bundle` or SSL_CERT_FILE to a file with its authority, or "
        f"write `network: {{trusted_hosts: [{host}]}}` to check none"
    )


def proxy_fault(url: str, text: str, proxies: Mapping[str, str]) -> str:
    """Return what is wrong with the proxy for an address, and what to set."""
    place = f"the proxy {shown(proxies.get(urlsplit(url).scheme, ''))}"
    status = _STATUS.search(text)
    if status:
        return f"{place} {_REFUSES.get(status[1], f'answers {status[1]}')}"
    reason = "refuses the connection" if "refused" in text else "cannot be reached"
    return f"{place} {reason}: correct `network.proxy`, or HTTP_PROXY and HTTPS_PROXY"


def proxy_status(url: str, status: int, proxies: Mapping[str, str]) -> str | None:
    """Return what is wrong with the proxy if an answer is its own: 407 comes from no server (RFC 9110, 15.5.8)."""
    return proxy_fault(url, f"Tunnel connection failed: {status}", proxies) if status == 407 else None
