"""A command and the programs that it starts use the proxy and the certificates of the matrix, and nothing else does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
import pytest

from image_matrix.cli.network_environment import use_network
from image_matrix.cli.session import Session
from image_matrix.config.network import Network
from image_matrix.config.proxy import Proxy

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE")


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def variables() -> dict[str, str]:
    return {name: os.environ[name] for name in NAMES if name in os.environ}


@pytest.mark.usefixtures("clean")
def test_the_variables_end_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://caller.example.org:1")
    before = variables()
    network = Network(proxy=Proxy(https="http://proxy.example.org:3128", no_proxy=(".example.org",)))
    with click.Context(click.Command("build")):
        use_network(Session(tmp_path, "matrix.yaml", ()), network, "/a/ca.pem")
        during = variables()
        use_network(Session(tmp_path, "matrix.yaml", ()), network, None)
        assert variables() == during
    assert variables() == before
    direct = ".example.org,localhost,127.0.0.1,::1"
    assert during == {
        **dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://caller.example.org:1"),
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://proxy.example.org:3128"),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), direct),
        "SSL_CERT_FILE": "/a/ca.pem",
    }


@pytest.mark.usefixtures("clean")
def test_without_a_proxy_nothing_is_set(tmp_path: Path) -> None:
    with click.Context(click.Command("build")):
        use_network(Session(tmp_path, "matrix.yaml", ()), Network(), None)
        assert variables() == {}


@pytest.mark.usefixtures("clean")
def test_a_variable_that_is_missing_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with click.Context(click.Command("build")):
        for _ in range(2):
            use_network(
                Session(tmp_path, "matrix.yaml", ()), Network(proxy=Proxy("env://OURS", "env://OURS")), None
            )
    said = capsys.readouterr().err
    assert said == "without the proxy of OURS, which the environment does not have\n"
