"""Package indexes and file servers that ask for a login: what `lock` says, with the real uv."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from image_matrix.lock import text as texts
from image_matrix.lock.logins import status_in
from tests.lock.site import Quiet, Site, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

PASSWORD = "hunter2-hunter2"
RIGHT = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
axes: {python: ["3.13"]}
sources: {trixie: "docker.io/library/debian:trixie-slim@%s"}
images:
  base:
    from: trixie
    kind: base
    axes: [python]
    pip: {packages: [uv==0.13.8, %s], extra_index_urls: ["http://127.0.0.1:%d/corp"]}
"""


class Guarded(Quiet):
    """Asks for a login where a path starts as one of ``closed`` does: path to the status without one."""

    closed: dict[str, int]

    def do_GET(self) -> None:  # noqa: N802 - the base class has it
        status = next((code for path, code in self.closed.items() if self.path.startswith(path)), None)
        if status is None or self.headers.get("Authorization") == RIGHT:
            return super().do_GET()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.send_header("Content-Length", "0")
        return self.end_headers()


@dataclass(frozen=True)
class Place:
    """A repository whose image has packages of an index that is closed."""

    folder: Path
    site: Site
    closed: dict[str, int]
    capture: pytest.CaptureFixture[str]

    def write(self, package: str, **more: Any) -> None:
        network = {
            "mirrors": {
                "pip": f"http://127.0.0.1:{self.site.port}/simple",
                "registries": {"docker.io": f"127.0.0.1:{self.site.port}"},
            },
            "builtin_frontend": True,
            **{key: more.pop(key) for key in ("netrc",) if key in more},
        }
        text = MATRIX % (self.site.source("library/debian:trixie-slim", "base"), package, self.site.port)
        text += "".join(
            f"{key}: {json.dumps(value)}\n" for key, value in {"network": network, **more}.items()
        )
        (self.folder / "matrix.yaml").write_text(text, encoding="utf-8")

    def netrc(self, password: str) -> str:
        file = self.folder / "logins"
        file.write_text(f"machine 127.0.0.1 login me password {password}\n", encoding="utf-8")
        return file.name

    def lock(self) -> tuple[int, str]:
        self.capture.readouterr()
        code = run(["-C", str(self.folder), "lock"])
        shown = self.capture.readouterr()
        assert PASSWORD not in shown.err + shown.out
        assert base64.b64encode(f"me:{PASSWORD}".encode()).decode() not in shown.err + shown.out
        return code, " ".join(shown.err.split())

    @property
    def index(self) -> str:
        return f"http://127.0.0.1:{self.site.port}/corp"


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    closed = {"/corp": 401, "/files": 401}
    handler = type("Handler", (Guarded,), {"closed": closed})
    for name in ("repository", "site"):
        (tmp_path / name).mkdir()
    with serving(tmp_path / "site", handler) as site:
        site.package("uv", "0.13.8", tags="both")
        site.package("shared", "1.0")
        site.package("shared", "2.0", index="corp")
        site.package("tools", "1.0", index="corp")
        yield Place(tmp_path / "repository", site, closed, capsys)


@pytest.mark.parametrize("status", [401, 403])
def test_an_index_that_asks_for_a_login_is_named(place: Place, status: int) -> None:
    place.closed["/corp"] = status
    place.write("tools==1.0")
    code, said = place.lock()
    assert code == 3
    assert f"Python packages of base:python3.13: {place.index} asks for a login ({status})" in said
    assert "`machine 127.0.0.1 login NAME password PASSWORD`" in said
    assert "`network: {netrc: FILE}`" in said
    assert "not found" not in said


def test_a_wrong_password_is_the_files_to_correct(place: Place) -> None:
    place.write("tools==1.0", netrc=place.netrc("wrong"))
    code, said = place.lock()
    assert code == 3
    assert f"{place.index} asks for a login (401)" in said
    assert "correct the login of 127.0.0.1 in logins" in said


def test_the_right_login_is_enough(place: Place) -> None:
    place.write("tools==1.0", netrc=place.netrc(PASSWORD))
    assert place.lock()[0] == 0
    lock = texts.read((place.folder / texts.FILE).read_text(encoding="utf-8"))
    assert f"tools==1.0 @ {place.index}" in lock.files


def test_the_login_comes_from_a_variable(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write("tools==1.0", netrc="env://NETRC_TEXT")
    code, shown = place.lock()
    assert code == 3
    assert "without the logins of NETRC_TEXT" in shown
    monkeypatch.setenv("NETRC_TEXT", "machine 127.0.0.1 login me password wrong")
    code, shown = place.lock()
    assert code == 3
    assert "correct the login of 127.0.0.1 in the secret NETRC_TEXT" in shown
    monkeypatch.setenv("NETRC_TEXT", f"machine 127.0.0.1 login me password {PASSWORD}")
    assert place.lock()[0] == 0


def test_a_package_of_another_index_does_not_take_the_place_of_one_that_is_closed(place: Place) -> None:
    place.write("shared")
    code, said = place.lock()
    assert code == 3
    assert f"{place.index} asks for a login (401)" in said
    place.write("shared", netrc=place.netrc(PASSWORD))
    assert place.lock()[0] == 0
    assert f"shared==2.0 @ {place.index}" in (place.folder / texts.FILE).read_text(encoding="utf-8")


def test_an_index_that_is_closed_is_not_hidden_by_another_one(place: Place) -> None:
    place.site.package("shared", "3.0", index="open")
    place.write("shared")
    path = place.folder / "matrix.yaml"
    text, one = path.read_text(), f'["{place.index}"]'
    assert one in text
    path.write_text(text.replace(one, f'["http://127.0.0.1:{place.site.port}/open", "{place.index}"]'))
    code, said = place.lock()
    assert code == 3
    assert f"{place.index} asks for a login (401)" in said


def test_the_default_index_may_be_the_one_that_asks(place: Place) -> None:
    place.closed.clear()
    place.closed["/simple"] = 401
    place.write("shared", netrc=place.netrc("wrong"))
    code, said = place.lock()
    assert code == 3
    assert "/simple asks for a login (401)" in said


def test_a_package_that_is_nowhere_is_not_found(place: Place) -> None:
    place.write("nowhere==1.0", netrc=place.netrc(PASSWORD))
    code, said = place.lock()
    assert code == 2
    assert "nowhere was not found in the package registry" in said
    assert "login" not in said


def test_an_index_without_the_package_that_is_elsewhere_is_no_refusal(place: Place) -> None:
    place.closed.clear()
    place.site.package("open", "1.0")
    place.write("open")
    assert place.lock()[0] == 0


def test_a_download_that_asks_for_a_login_is_said_so(place: Place) -> None:
    place.site.file("tool", "the tool")
    place.closed["/corp"] = 404
    url = f"http://127.0.0.1:{place.site.port}/files/tool"
    place.write("shared", downloads={"tool": {"version": "1", "url": url, "to": "/usr/local/bin/tool"}})
    path = place.folder / "matrix.yaml"
    path.write_text(
        path.read_text().replace("    axes: [python]\n", "    axes: [python]\n    downloads: [tool]\n")
    )
    code, said = place.lock()
    assert code == 3
    assert "it asks for a login (HTTP 401)" in said
    assert "`network: {netrc: FILE}`" in said


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("hint: An index URL (http://h/simple) could not be queried due to … (401 Unauthorized)", "401"),
        ("hint: An index (http://h/simple) returned a 403 Forbidden error.", "403"),
        ("cause: HTTP status client error (401 Unauthorized) for url (http://h/a.whl)", "401"),
        ("Because a==401 was not found in the package registry", None),
        ("HTTP status server error (500 Internal Server Error)", None),
    ],
)
def test_how_uv_says_it(text: str, status: str | None) -> None:
    assert status_in(text) == status
