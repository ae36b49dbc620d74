"""The script that tells Kubeflow when an IDE was last used, against a server that answers like the image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

import image_matrix.render.kubernetes.in_workspace as scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

SCRIPT = Path(scripts.__file__).with_name("activity.py")
OLD = {"execution_state": "idle", "last_activity": "2026-01-01T00:00:00Z"}
NEW = {"execution_state": "idle", "last_activity": "2026-01-01T01:00:00Z"}
BUSY = {"execution_state": "busy", "last_activity": "2026-01-01T00:00:00Z"}


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    class Kernels(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/notebook/team/ide/api/kernels" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(self.server.kernels).encode())  # type: ignore[attr-defined]

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Kernels) as http:
        thread = Thread(target=http.serve_forever)
        thread.start()
        yield http
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("kernels", "report"),
    [([OLD, NEW], {"last_activity": NEW["last_activity"]}), ([NEW, BUSY], {"has_activity": True})],
)
def test_what_kubeflow_reads(
    server: HTTPServer, tmp_path: Path, kernels: list[object], report: dict[str, object]
) -> None:
    server.kernels = kernels  # type: ignore[attr-defined]
    assert run(server, tmp_path, "/notebook/team/ide/") == 0
    assert json.loads((tmp_path / "report").read_text()) == report


def test_an_answer_that_is_missing_fails_and_pauses_nothing(server: HTTPServer, tmp_path: Path) -> None:
    server.kernels = []  # type: ignore[attr-defined]
    assert run(server, tmp_path, "/elsewhere") != 0
    assert not (tmp_path / "report").exists()


def run(server: HTTPServer, folder: Path, prefix: str) -> int:
    text = SCRIPT.read_text().replace("127.0.0.1:8888", f"127.0.0.1:{server.server_port}")
    environment = {**os.environ, "NB_PREFIX": prefix, "OUTPUT_JSON_PATH": str(folder / "report")}
    return subprocess.run(
        [sys.executable, "-c", text], env=environment, check=False, capture_output=True
    ).returncode
