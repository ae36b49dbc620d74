"""Explains what programs and BuildKit print in closed networks: of certificates, plain HTTP and proxies.

Each pattern is seen, or is in the source that stands beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_IN_URL = re.compile(r"https?://(?:[^\s/@]*@)?(?!curl\.se\b)(?P<host>[A-Za-z0-9.-]+(?::\d+)?)")
"""An address; not that of curl's help, which curl prints behind its errors."""
_PLAIN = (
    r"server gave HTTP response to HTTPS client"  # net/http of Go
    r"|wrong version number|packet length too long|record layer failure"  # OpenSSL: pip, curl, git, Node
    r"|InvalidContentType"  # rustls: uv, micromamba
    r"|unexpected TLS packet was received"  # GnuTLS: apt
)
_CERTIFICATE = (
    r"x509: "  # crypto/x509 of Go
    r"|certificate.verify.failed"  # OpenSSL: pip, R, conda
    r"|SSL certificate problem|server certificate verification failed"  # curl, git
    r"|SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)|self.signed certificate in"  # Node: npm
    r"|invalid peer certificate"  # rustls
    r"|certificate is NOT trusted"  # GnuTLS
)
_NOT_TRUSTED = r"is not a trusted or secure host and is being ignored"  # pip
_ASKS = (
    r"proxy authentication required|proxy authorization required"
    r"|(?:error: |error code E|HTTP/\S+ |response |failed: |code )407\b"
)
_REFUSES = (
    r"CONNECT tunnel failed|HTTP code \d+ from proxy"  # curl, git
    r"|Tunnel connection failed"  # urllib3: pip, conda
    r"|response from proxy"  # apt
    r"|tunnel error"  # hyper: uv
    r"|tunneling socket could not be established"  # Node
)
_GONE = (
    r"proxyconnect tcp"  # net/http of Go
    r"|Cannot connect to proxy|Unable to connect to proxy"  # urllib3
    r"|Could not resolve proxy"  # curl
    r"|If you are behind a proxy"  # npm, of any connection; so it comes last
)
_ENGINE = (
    "a builder that buildx starts gets it from there; a Docker engine has `insecure-registries` in daemon.json, "
    "a buildkitd that runs has buildkitd.toml"
)


@dataclass(frozen=True, slots=True)
class _Fault:
    pattern: str
    in_step: str
    """What helps where a program in a build step meets it; ``{host}`` is what the text names."""
    pulling: str
    """What helps where BuildKit meets it while it pulls or pushes."""


_FAULTS = (
    _Fault(
        _ASKS,
        "the proxy asks for a login: set `network: {{proxy: {{https: env://NAME}}}}`, and NAME to "
        "http://USER:PASSWORD@HOST:PORT",
        "the proxy of the builder asks for a login: it is in the settings of the engine or the buildkitd",
    ),
    _Fault(
        f"{_REFUSES}|{_GONE}",
        "the proxy does not let it through: allow {host} there, name it in `network.proxy.no_proxy`, or correct "
        "`network.proxy`, HTTP_PROXY and HTTPS_PROXY",
        "the proxy of the builder does not let it through: allow {host} there, or correct the settings of the engine "
        "or the buildkitd",
    ),
    _Fault(
        _PLAIN,
        "{host} speaks plain HTTP: write its address with `http://`",
        "{host} speaks plain HTTP: write `network: {{trusted_hosts: [{host}]}}`; " + _ENGINE,
    ),
    _Fault(
        f"{_CERTIFICATE}|{_NOT_TRUSTED}",
        "the certificate of {host} is not trusted: set `network.ca_bundle` to a file with its authority, or write "
        "`network: {{trusted_hosts: [{host}]}}`",
        "the certificate of {host} is not trusted: set `network.ca_bundle`; a Docker engine has "
        "/etc/docker/certs.d/{host}/ca.crt, a buildkitd that runs has `ca` in buildkitd.toml",
    ),
)


def of_step(output: str, proxies: Iterable[str] = ()) -> str | None:
    """Return what helps if the network is why a step failed; ``output`` is what it printed.

    ``proxies`` are the proxies of the step, ``HOST:PORT``: curl and apt name one that is gone like any other host.
    """
    for proxy in proxies:
        host, _, port = proxy.rpartition(":")
        if re.search(rf"(?:Failed to|Could not) connect to {re.escape(host)}(?: port |:){port}\b", output):
            return (
                f"the proxy {proxy} does not answer: correct `network.proxy`, or HTTP_PROXY and HTTPS_PROXY"
            )
    fault, place = _fault_in(output)
    return fault.in_step.format(host=place) if fault else None


def of_builder(message: str) -> str | None:
    """Return what helps if the network is why BuildKit could not pull or push; ``message`` is its error."""
    fault, place = _fault_in(message)
    return fault.pulling.format(host=place) if fault else None


def _fault_in(text: str) -> tuple[_Fault | None, str]:
    """Return the first fault with the host of the line that has it, else of the nearest address before or behind."""
    for fault in _FAULTS:
        match = re.search(fault.pattern, text, re.IGNORECASE)
        if match:
            end = text.find("\n", match.end())
            before = [*_IN_URL.finditer(text, 0, end if end >= 0 else len(text))]
            named = before[-1:] or [*_IN_URL.finditer(text, match.end())][:1]
            return fault, named[0]["host"] if named else "the host"
    return None, ""
