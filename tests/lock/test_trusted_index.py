"""Package indexes without a valid certificate, and behind a proxy: what `lock` does and says, with the real uv."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli import run
from tests.certificates import issue, needs_openssl, server_context
from tests.e2e.recording_proxy import recording_proxy
from tests.lock.site import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lock.site import Site

pytestmark = [pytest.mark.slow, needs_openssl]
NAME = "packages.example.org"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An index and a registry that are reached through a proxy alone, under a name that only the proxy knows."""
    (tmp_path / "site").mkdir()
    (tmp_path / "keys").mkdir()
    issue(tmp_path / "keys", f"DNS:{NAME}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("HOME", str(tmp_path))
    with (
        serving(tmp_path / "site") as plain,
        serving(tmp_path / "site", context=server_context(tmp_path / "keys")) as secured,
        recording_proxy(
            routes={f"{NAME}:443": f"127.0.0.1:{secured.port}", f"{NAME}:80": f"127.0.0.1:{plain.port}"},
            allows=lambda place: place.startswith(NAME),
        ) as proxy,
    ):
        monkeypatch.setenv("CLOSED", proxy.address)
        plain.package("uv", "0.13.8", tags="both")
        plain.source("library/debian:trixie-slim", "base")
        yield plain


def lock(folder: Path, capture: pytest.CaptureFixture[str], scheme: str, **network: Any) -> tuple[int, str]:
    """Lock one image whose packages and source come from the closed site; return the exit code and the messages."""
    matrix = {
        "version": 1,
        "registry": "ghcr.io/example/notebooks",
        "sources": {"debian": "docker.io/library/debian:trixie-slim"},
        "network": {
            "builtin_frontend": True,
            "mirrors": {"pip": f"{scheme}://{NAME}/simple", "registries": {"docker.io": NAME}},
            "proxy": {"http": "env://CLOSED", "https": "env://CLOSED"},
            **network,
        },
        "images": {"base": {"from": "debian", "kind": "base", "pip": ["uv==0.13.8"]}},
    }
    (folder / "matrix.yaml").write_text(json.dumps(matrix), encoding="utf-8")
    code = run(["-C", str(folder), "lock"])
    return code, " ".join(capture.readouterr().err.split())


@pytest.mark.parametrize(
    ("scheme", "network"),
    [
        ("https", {"trusted_hosts": [NAME]}),
        ("http", {"trusted_hosts": [NAME]}),
        ("https", {"ca_bundle": "../keys/ca.pem"}),
        ("https", {"ca_bundle": "env://AUTHORITY"}),
    ],
)
def test_a_closed_site_is_locked(
    tmp_path: Path,
    site: Site,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    network: dict[str, Any],
) -> None:
    monkeypatch.setenv("AUTHORITY", (tmp_path / "keys/ca.pem").read_text())
    (tmp_path / "repository").mkdir()
    assert lock(tmp_path / "repository", capsys, scheme, **network)[0] == 0
    assert "uv==0.13.8" in (tmp_path / "repository/matrix.lock.yaml").read_text()
    assert site.port


@pytest.mark.usefixtures("site")
def test_a_wrong_certificate_is_named_with_what_to_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "repository").mkdir()
    code, said = lock(tmp_path / "repository", capsys, "https")
    assert code == 3
    assert f"the certificate of {NAME} is not trusted: set `network.ca_bundle`" in said
    assert f"{NAME}: the certificate is not trusted; set `network.ca_bundle`" in said
