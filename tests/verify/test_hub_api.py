from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import requests

from generator.verify import hub_api

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hub() -> Iterator[str]:
    hub_api.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), hub_api.handler("jo", "secret", "5.5.0")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_it_answers_as_a_hub_does(hub: str) -> None:
    token = {"Authorization": "token secret"}
    assert requests.get(f"{hub}/hub/api/", timeout=5).json() == {"version": "5.5.0"}
    assert requests.get(f"{hub}/hub/api/user", timeout=5).status_code == 403
    user = requests.get(f"{hub}/hub/api/user", headers=token, timeout=5).json()
    assert user["name"] == "jo"
    assert "access:servers!server=jo/" in user["scopes"]
    assert requests.post(f"{hub}/hub/api/users/jo/activity", json={}, timeout=5).status_code == 403
    assert requests.post(f"{hub}/hub/api/users/jo/activity", json={}, headers=token, timeout=5).ok
    assert requests.get(f"{hub}/seen", timeout=5).json()[-3:] == [
        "POST without token /hub/api/users/jo/activity", "POST /hub/api/users/jo/activity", "GET /seen",
    ]  # fmt: skip
