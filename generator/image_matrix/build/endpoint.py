"""Says why an address is no BuildKit that answers, before buildx waits for it.

BuildKit speaks gRPC, so HTTP/2: each side begins with a SETTINGS frame (RFC 9113, 3.4).
"""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 5.0
"""The longest time for a connection and for an answer."""
WANTS_CERTIFICATE = "it refuses the connection; it may want a client's certificate"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_SETTINGS = 4
_FRAME_HEADER = 9
_ALERT = b"\x15\x03"
"""The first bytes of an alert of TLS: RFC 8446, 5.1."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM format."""

    ca: Path
    cert: Path | None = None
    key: Path | None = None


def endpoint_fault(endpoint: str, tls: TlsFiles | None = None) -> str | None:
    """Return what is wrong with an address, ``None`` if BuildKit answers or if only buildx can reach it.

    ``endpoint`` is ``tcp://HOST:1234`` or ``unix://PATH``.
    """
    address = urlsplit(endpoint)
    if address.scheme not in ("tcp", "unix"):
        return None
    try:
        link = _connected(address.scheme, address.hostname, address.port, address.path)
        with closing(_secured(link, address.hostname or "", tls)) as secured:
            return _greeting_fault(secured, over_tls=tls is not None)
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not valid: {error.verify_message}"
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError) as error:
        if tls and not tls.cert:
            return WANTS_CERTIFICATE
        return f"TLS fails: {getattr(error, 'reason', None) or error}" if tls else "it closes the connection"
    except socket.gaierror:
        return f"the name {address.hostname} cannot be resolved"
    except TimeoutError:
        return "it does not answer"
    except OSError as error:
        return (error.strerror or str(error)).lower()


def _connected(scheme: str, host: str | None, port: int | None, path: str) -> socket.socket:
    if scheme == "tcp":
        return socket.create_connection((host, port), SECONDS)
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(SECONDS)
    try:
        link.connect(path)
    except OSError:
        link.close()
        raise
    return link


def _secured(link: socket.socket, host: str, tls: TlsFiles | None) -> socket.socket:
    if tls is None:
        return link
    context = ssl.create_default_context(cafile=tls.ca)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # Python 3.13 refuses authorities that buildx takes
    context.set_alpn_protocols(["h2"])
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    try:
        return context.wrap_socket(link, server_hostname=host)
    except OSError:
        link.close()
        raise


def _greeting_fault(link: socket.socket, *, over_tls: bool) -> str | None:
    link.sendall(_PREFACE)
    answer = link.recv(_FRAME_HEADER)
    if len(answer) == _FRAME_HEADER and answer[3] == _SETTINGS:
        return None
    if answer.startswith(_ALERT):
        return "it asks for TLS"
    if answer:
        return "it does not speak BuildKit's protocol"
    return "it closes the connection" if over_tls else "it closes the connection; it may ask for TLS"
