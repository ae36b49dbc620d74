"""A server whose certificate only a private authority signed, and files that a container of such a place mounts."""

from __future__ import annotations

import io
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.certificates import issue, server_context
from tests.e2e.place import Quiet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GREETING = "from the private server"
WHEEL = "tiny-1.0-py3-none-any.whl"
DESCRIPTION = """\
Package: tiny
Version: 1.0
Title: T
Description: D.
Author: A
Maintainer: A <a@example.org>
License: MIT
"""


@dataclass(frozen=True, slots=True)
class PrivatePlace:
    """The server, and folders with what is mounted: ``ca``, and ``config``."""

    url: str
    folder: Path

    @property
    def index(self) -> str:
        """Address of the index of Python packages."""
        return f"{self.url}/simple/"


@contextmanager
def private_place(folder: Path, address: str) -> Iterator[PrivatePlace]:
    """Serve a text, a package of Python and one of R by HTTPS at an address."""
    for name in ("ca", "config", "keys", "files"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    issue(folder / "keys", f"IP:{address}")
    (folder / "ca/company.crt").write_bytes((folder / "keys/ca.pem").read_bytes())
    offer(folder / "files")
    handler = partial(Quiet, directory=str(folder / "files"))
    with ThreadingHTTPServer((address, 0), handler) as server:
        server.socket = server_context(folder / "keys").wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield PrivatePlace(f"https://{address}:{server.server_address[1]}", folder)
        server.shutdown()


def offer(files: Path) -> None:
    """Write what the server has."""
    (files / "text").write_text(GREETING)
    (files / "simple/tiny").mkdir(parents=True)
    (files / "simple/tiny/index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>')
    with zipfile.ZipFile(files / "simple/tiny" / WHEEL, "w") as wheel:
        info = "tiny-1.0.dist-info"
        wheel.writestr("tiny.py", "ONE = 1\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    contrib = files / "cran/__linux__/trixie/latest/src/contrib"
    contrib.mkdir(parents=True)
    (contrib / "PACKAGES").write_text("Package: tiny\nVersion: 1.0\nNeedsCompilation: no\n")
    with tarfile.open(contrib / "tiny_1.0.tar.gz", "w:gz") as package:
        for name, text in {
            "DESCRIPTION": DESCRIPTION,
            "NAMESPACE": "export(one)\n",
            "R/one.R": "one <- function() 1\n",
        }.items():
            entry = tarfile.TarInfo(f"tiny/{name}")
            entry.size = len(text)
            package.addfile(entry, io.BytesIO(text.encode()))
