from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.registry.credentials import Credentials, credentials_for, read_config, run_helper
from image_matrix.registry.http import retry_after
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.tokens import challenge

if TYPE_CHECKING:
    from pathlib import Path


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def nobody(_name: str, _server: str) -> str | None:
    return None


@pytest.mark.parametrize(
    ("host", "server", "entry", "expected"),
    [
        ("ghcr.io", "ghcr.io", {"auth": encoded("me:pass:word")}, Credentials("me", "pass:word")),
        ("ghcr.io", "https://ghcr.io", {"auth": encoded("me:x")}, Credentials("me", "x")),
        ("docker.io", "https://index.docker.io/v1/", {"auth": encoded("me:x")}, Credentials("me", "x")),
        ("ghcr.io", "ghcr.io", {"username": "me", "password": "x"}, Credentials("me", "x")),
        ("ghcr.io", "ghcr.io", {"identitytoken": "t"}, Credentials(identity_token="t")),
        ("ghcr.io", "quay.io", {"auth": encoded("me:x")}, None),
        ("ghcr.io", "ghcr.io", {"auth": "not base64"}, None),
        ("ghcr.io", "ghcr.io", {}, None),
    ],
)
def test_auths(host: str, server: str, entry: dict[str, str], expected: Credentials | None) -> None:
    assert credentials_for(host, {"auths": {server: entry}}, nobody) == expected


def test_a_registrys_own_helper_comes_before_the_store_and_auths() -> None:
    asked = []

    def helper(name: str, server: str) -> str | None:
        asked.append((name, server))
        return json.dumps({"Username": name, "Secret": "x"}) if name == "ecr" else None

    config = {
        "credHelpers": {"ghcr.io": "ecr"},
        "credsStore": "desktop",
        "auths": {"quay.io": {"auth": encoded("me:x")}},
    }
    assert credentials_for("ghcr.io", config, helper) == Credentials("ecr", "x")
    assert credentials_for("quay.io", config, helper) == Credentials("me", "x")
    assert asked[0] == ("ecr", "ghcr.io")
    assert ("desktop", "quay.io") in asked


def test_a_real_helper_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker-credential-testing"
    program.write_text(
        '#!/bin/sh\nread -r server\n[ "$1 $server" = "get ghcr.io" ] || exit 1\n'
        'printf \'{"Username": "<token>", "Secret": "refresh"}\'\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    config = {"credsStore": "testing"}
    assert credentials_for("ghcr.io", config) == Credentials(identity_token="refresh")
    assert credentials_for("quay.io", config) is None
    assert run_helper("../testing", "ghcr.io") is None
    assert run_helper("nowhere", "ghcr.io") is None


@pytest.mark.parametrize(
    ("text", "expected"), [('{"auths": {}}', {"auths": {}}), ("[]", {}), ("{", {}), (None, {})]
)
def test_the_config_file(tmp_path: Path, text: str | None, expected: dict[str, object]) -> None:
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    assert read_config({"DOCKER_CONFIG": str(tmp_path)}) == expected


@pytest.mark.parametrize(
    ("text", "host", "repository", "version"),
    [
        ("debian", "docker.io", "library/debian", "latest"),
        ("debian:trixie-slim", "docker.io", "library/debian", "trixie-slim"),
        ("docker.io/docker/dockerfile:1", "docker.io", "docker/dockerfile", "1"),
        ("localhost:5000/a/b", "localhost:5000", "a/b", "latest"),
        ("localhost/a:1", "localhost", "a", "1"),
        ("ghcr.io/a/b/c:1@sha256:00", "ghcr.io", "a/b/c", "sha256:00"),
        ("team/image:1", "docker.io", "team/image", "1"),
    ],
)
def test_references(text: str, host: str, repository: str, version: str) -> None:
    found = parse_reference(text)
    assert (found.host, found.repository, found.version) == (host, repository, version)
    assert parse_reference(str(found)) == found


def test_challenges() -> None:
    header = (
        'Bearer realm="https://auth.example.org/token?x=1",service="a, b", scope="repository:x/y:pull,push"'
    )
    assert challenge(header) == (
        "bearer",
        {
            "realm": "https://auth.example.org/token?x=1",
            "service": "a, b",
            "scope": "repository:x/y:pull,push",
        },
    )
    assert challenge("") == ("", {})


@given(st.text())
def test_no_header_breaks_us(text: str) -> None:
    challenge(text)
    assert retry_after(text) >= 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), (" 7 ", 7), ("", 0), ("soon", 0), ("-1", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_the_pause_that_a_server_asks_for(header: str, seconds: float) -> None:
    assert retry_after(header) == seconds


def test_the_moment_that_a_server_asks_for() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < retry_after(in_an_hour) <= 3600
