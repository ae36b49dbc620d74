"""Tests the proxy that other tests build behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests.e2e.place import serving
from tests.e2e.recording_proxy import recording_proxy

if TYPE_CHECKING:
    from pathlib import Path


def fetch(url: str, proxy: str) -> requests.Response:
    return requests.get(url, proxies={"http": proxy, "https": proxy}, timeout=10)


def test_it_notes_what_it_lets_through(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with serving(tmp_path, "127.0.0.1") as address, recording_proxy() as proxy:
        answer = fetch(f"{address}/file?a=b", proxy.address)
    assert answer.text == "content"
    assert [f"http://{place}" for place in proxy.asked] == [address]
    assert proxy.hosts == {"127.0.0.1"}


@pytest.mark.parametrize("url", ["http://closed.example.org/", "https://closed.example.org/"])
def test_it_refuses_what_is_not_allowed(url: str) -> None:
    with recording_proxy(allows=lambda place: place.startswith("open.")) as proxy:
        if url.startswith("https"):
            with pytest.raises(requests.exceptions.ProxyError, match="403"):
                fetch(url, proxy.address)
        else:
            assert fetch(url, proxy.address).status_code == 403
    assert proxy.asked == []
    assert proxy.hosts == {"closed.example.org"}


def test_it_asks_for_a_login(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with serving(tmp_path, "127.0.0.1") as address, recording_proxy(login="Ada:Secret") as proxy:
        without = fetch(f"{address}/file", proxy.address)
        with_login = fetch(f"{address}/file", proxy.address.replace("http://", "http://Ada:Secret@"))
    assert without.status_code == 407
    assert with_login.text == "content"
