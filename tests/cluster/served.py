"""What controllers fetch from outside their cluster: repositories by git's smart HTTP protocol, and a chart."""

from __future__ import annotations

import gzip
import subprocess
import tarfile
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICE = "git-upload-pack"


class Handler(SimpleHTTPRequestHandler):
    """Files of a folder, and the bare repositories in it (gitprotocol-http: clients that only fetch)."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.endswith("/info/refs") and parse_qs(address.query).get("service") == [SERVICE]:
            refs = self.pack("--advertise-refs", path=address.path.removesuffix("/info/refs"))
            self.answer("advertisement", b"001e# service=git-upload-pack\n0000" + refs)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.answer("result", self.pack(path=self.path.removesuffix(f"/{SERVICE}"), body=body))

    def pack(self, *options: str, path: str, body: bytes = b"") -> bytes:
        folder = self.translate_path(path)
        command = ["git", "upload-pack", "--stateless-rpc", *options, folder]
        return subprocess.run(command, input=body, capture_output=True, check=False).stdout

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-{SERVICE}-{kind}")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(folder: Path, address: str) -> Iterator[str]:
    """Serve a folder for the time of a ``with``; yield the server's address."""
    with ThreadingHTTPServer((address, 0), partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{server.server_address[0]!s}:{server.server_address[1]}"
        server.shutdown()


def pack_chart(source: Path, folder: Path) -> None:
    """Write a chart and the index of its repository into a folder, as ``helm package`` and ``helm repo index`` do."""
    about = yaml.safe_load((source / "Chart.yaml").read_text(encoding="utf-8"))
    folder.mkdir(parents=True)
    file = f"{about['name']}-{about['version']}.tgz"
    with tarfile.open(folder / file, "w:gz") as archive:
        archive.add(source, arcname=about["name"])
    index = {"apiVersion": "v1", "entries": {about["name"]: [{**about, "urls": [file]}]}}
    (folder / "index.yaml").write_text(yaml.safe_dump(index), encoding="utf-8")
