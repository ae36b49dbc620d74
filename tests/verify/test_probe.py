from __future__ import annotations

import base64
import hashlib
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.verify.in_container import probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REDIRECTS = {
    "/p/": "lab",
    "/p/away": "http://elsewhere.example/p/",
    "/p/up": "/other/",
    "/p/login": "/p/cookie",
    "/p/loop": "/p/loop",
}


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.endswith("socket"):
            self.upgrade()
            return
        target = REDIRECTS.get(self.path)
        missing = self.path == "/p/cookie" and "seen=1" not in self.headers.get("Cookie", "")
        self.send_response(302 if target else 403 if missing else 404 if self.path == "/p/none" else 200)
        if target:
            self.send_header("Location", target)
        self.send_header("Set-Cookie", "seen=1; Path=/")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(self.headers["Host"][:5].encode())

    def upgrade(self) -> None:
        key = self.headers["Sec-WebSocket-Key"] if self.path == "/p/socket" else "another"
        told = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
        self.send_response(101)
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Connection", self.headers["Connection"])
        self.send_header(
            "Sec-WebSocket-Accept",
            base64.b64encode(hashlib.sha1(told, usedforsecurity=False).digest()).decode(),
        )
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_redirects_below_the_prefix_are_followed(port: int) -> None:
    answer = probe.get("/p/", "/p/", port=port)
    assert (answer["status"], answer["hops"]) == (200, ["/p/", "/p/lab"])
    assert answer["body"] == probe.HOST[:5]


@pytest.mark.parametrize("path", ["/p/away", "/p/up"])
def test_a_redirect_out_of_the_prefix_is_not_followed(port: int, path: str) -> None:
    answer = probe.get(path, "/p/", port=port)
    assert answer["status"] == 302
    assert answer["location"] == REDIRECTS[path]


def test_cookies_are_kept_on_the_way(port: int) -> None:
    assert probe.get("/p/login", "/p/", port=port)["status"] == 200
    assert probe.get("/p/cookie", "/p/", port=port)["status"] == 403


def test_an_answer_that_is_to_be_another_is_asked_for_again(port: int) -> None:
    body = probe.HOST[:5]
    assert probe.get("/p/lab", port=port, deadline=5, unlike="something else")["seconds"] < 5
    stays = probe.get("/p/lab", port=port, deadline=0.15, unlike=body)
    assert (stays["status"], stays["body"]) == (200, body)
    assert stays["seconds"] > 0.15
    assert abs(stays["moment"] - time.time()) < 60


def test_a_websocket(port: int) -> None:
    good = probe.upgrade("/p/socket", port=port)
    assert (good["status"], good["accepted"]) == (101, True)
    assert not probe.upgrade("/p/another-socket", port=port)["accepted"]
    assert probe.upgrade("/p/none", port=port)["status"] == 404


def test_a_loop_ends(port: int) -> None:
    assert probe.get("/p/loop", "/p/", port=port)["status"] == 302


def test_a_page_that_is_not_there_stays_so(port: int) -> None:
    assert probe.get("/p/none", "/p/", port=port)["status"] == 404


def test_nobody_listens() -> None:
    answer = probe.get("/", port=1)
    assert answer["status"] == 0
    assert "Refused" in answer["error"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000", "0.0.0.0"),  # noqa: S104
        ("0100007F", "127.0.0.1"),
        ("020011AC", "172.17.0.2"),
        ("0" * 32, "::"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"),
    ],
)
def test_addresses_of_the_kernel(text: str, address: str) -> None:
    assert probe._address(text) == address


def test_facts_of_this_process(port: int) -> None:
    facts = probe.facts()
    assert facts["uid"] == os.getuid()
    assert {"protocol": "tcp", "address": "127.0.0.1", "port": port} in facts["listening"]
    assert any(item["pid"] == os.getpid() for item in facts["processes"])


def test_a_home_and_its_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template, home = tmp_path / "template", tmp_path / "home"
    (template / "folder").mkdir(parents=True)
    (template / "folder/file").touch()
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HOME_TEMPLATE", str(template))
    assert probe.home(0)["missing"] == ["folder", "folder/file"]
    (home / "folder").mkdir(mode=0o775)
    (home / "folder").chmod(0o775)
    (home / "folder/file").touch()
    (home / "folder/file").chmod(0o644)
    assert probe.home(0) == {
        "missing": [],
        "written": "",
        "group": [str(home / "folder/file")],
        "stopping": False,
    }
    (home / "folder/file").chmod(0o600)
    assert not probe.home(0)["group"], "a private file is meant to be one"


def test_a_home_that_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert "can't be written" in probe._write(tmp_path / "file")


def test_commands() -> None:
    assert probe.run(["sh", "-c", "echo out; echo err >&2; exit 3"])["code"] == 3
    assert probe.run(["sh", "-c", "echo out; echo err >&2"])["out"] == "out\nerr\n"
    assert probe.run(["there-is-no-such-program"])["code"] == 127
    assert probe.run(["echo", "0123456789"], keep=4)["out"] == "789\n"
    assert "no end after" in probe.run(["sleep", "30"], seconds=0.2)["out"]


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "here").touch()
    assert probe.files(["~/here", "~/gone", "/"])["missing"] == ["~/gone"]


@pytest.mark.slow
def test_an_orphan_that_is_reaped_leaves_no_zombie() -> None:
    assert probe.zombies(5) == {"zombies": []}
