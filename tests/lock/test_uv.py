"""uv is run as the matrix and this machine want it, and what it prints is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.lock.package_network import PackageNetwork
from image_matrix.lock.resolver_api import Graph, Resolved, ResolveRequest, ResolverError, Unsatisfiable
from image_matrix.lock.uv import graph, resolve
from image_matrix.lock.uv_program import Uv, runner

if TYPE_CHECKING:
    import pytest

QUESTION = ResolveRequest(("numpy",), "3.13", "amd64", "2_36")


def test_uv_is_asked_for_the_place_that_builds() -> None:
    seen: list[list[str]] = []

    def run(arguments: list[str], environment: object) -> tuple[int, str]:
        seen.append(arguments)
        assert environment == {
            "SSL_CERT_FILE": "/ca.pem",
            "GIT_SSL_CAINFO": "/ca.pem",
            "GIT_TERMINAL_PROMPT": "0",
            "UV_NO_WRAP": "1",
        }
        return (
            1,
            "warning: slow\nerror: No solution found when resolving dependencies\n  cause: Because of that.",
        )

    network = PackageNetwork(
        "https://mirror.example.org/simple", {"https://w.org": "https://m.org"}, "/ca.pem"
    )
    uv = Uv(network, run)
    assert resolve(QUESTION, uv) == Unsatisfiable("Because of that.")
    assert isinstance(graph(QUESTION, uv), Unsatisfiable)
    assert "--python-platform=x86_64-manylinux_2_36" in seen[0]
    assert "--default-index=https://mirror.example.org/simple" in seen[0]
    assert not any(re.match("--index=", item) for item in seen[0])


def test_what_uv_cannot_read_is_said_without_a_file_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    found = graph(ResolveRequest(("six==latest",), "3.13", "amd64", "2_36"), Uv(PackageNetwork(), runner()))
    assert isinstance(found, ResolverError)
    assert found.reason == (
        "uv: `six==latest` is not a valid requirement: "
        "expected version to start with a number, but no leading ASCII digits were found"
    )


def test_a_uv_that_cannot_be_run_is_a_failure() -> None:
    def run(_arguments: list[str], _environment: object) -> tuple[int, str]:
        raise FileNotFoundError(2, "no such file", "uv")

    uv = Uv(PackageNetwork(), run)
    assert not isinstance(resolve(QUESTION, uv), Resolved | Unsatisfiable)
    assert not isinstance(graph(QUESTION, uv), Graph)
