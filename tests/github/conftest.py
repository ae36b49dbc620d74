from __future__ import annotations

import threading
from collections import Counter
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.github.support import MATRIX, Place, Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> Iterator[Place]:
    state: dict[str, Any] = {
        "held": set(),
        "asked": Counter(),
        "refusals": [],
        "uploads": [],
        "lock": threading.Lock(),
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Held", (Registry,), state)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        root = tmp_path / "work"
        root.mkdir()
        port = server.server_port
        (root / "matrix.yaml").write_text(MATRIX.format(host=f"127.0.0.1:{port}"))
        result = Place(
            root, port, state["held"], state["asked"], state["refusals"], state["uploads"], pauses, capsys, monkeypatch,
        )  # fmt: skip
        result.git("init", "--quiet", "--initial-branch=main")
        result.commit()
        result.held |= result.tags()
        yield result
        server.shutdown()
