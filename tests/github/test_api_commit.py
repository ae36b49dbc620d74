"""A commit through the API, against a server that keeps what it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from image_matrix.errors import Failure
from image_matrix.github.api import Api
from image_matrix.github.api_commit import create_commit, move_branch
from image_matrix.output_tree.files import File
from image_matrix.registry.exchange import HttpRequest, Response


class Hub:
    """Answers each call with a new id, or with a status."""

    def __init__(self, status: int = 201) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.status = status

    def send(self, request: HttpRequest) -> Response:
        assert isinstance(request.content, bytes)
        self.calls.append((request.method, request.url.removeprefix("x/"), json.loads(request.content)))
        body = {"sha": f"sha-{len(self.calls)}", "message": "Update is not a fast forward"}
        return Response(self.status, {}, json.dumps(body).encode())

    @property
    def api(self) -> Api:
        return Api(self.send, "x", {})


FILES = {"deploy/a.yaml": File("é: 1\n".encode())}


def test_a_commit_has_the_files_and_loses_those_that_are_gone() -> None:
    hub = Hub()
    assert create_commit(hub.api, "p" * 40, "t" * 40, FILES, ["deploy/old.yaml"], "Release") == "sha-2"
    assert hub.calls == [
        (
            "POST",
            "git/trees",
            {
                "base_tree": "t" * 40,
                "tree": [
                    {"path": "deploy/a.yaml", "mode": "100644", "type": "blob", "content": "é: 1\n"},
                    {"path": "deploy/old.yaml", "mode": "100644", "type": "blob", "sha": None},
                ],
            },
        ),
        ("POST", "git/commits", {"message": "Release", "tree": "sha-1", "parents": ["p" * 40]}),
    ]


def test_the_first_commit_of_a_branch_has_no_parent() -> None:
    hub = Hub()
    create_commit(hub.api, None, None, FILES, [], "Release")
    assert "base_tree" not in hub.calls[0][2]
    assert hub.calls[1][2]["parents"] == []
    move_branch(hub.api, "release", "c" * 40, exists=False)
    assert hub.calls[2] == ("POST", "git/refs", {"ref": "refs/heads/release", "sha": "c" * 40})


def test_a_branch_only_moves_forward() -> None:
    hub = Hub()
    move_branch(hub.api, "release", "c" * 40, exists=True)
    assert hub.calls == [("PATCH", "git/refs/heads/release", {"sha": "c" * 40, "force": False})]
    with pytest.raises(Failure, match=r"release could not be moved: .*not a fast forward") as caught:
        move_branch(Hub(422).api, "release", "c" * 40, exists=True)
    assert caught.value.exit_code == 1
    assert "rules of the branch" in caught.value.help
