from __future__ import annotations

import base64
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.registry.credentials import Credentials, Unreadable, config_file, login_of, logins
from image_matrix.registry.patience import retry_after
from image_matrix.registry.reference import parse_reference
from image_matrix.registry.tokens import challenge

SECRET = "s3cret:with colon"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def written(folder: Path, config: object) -> Path:
    """Return a configuration of Docker with this content."""
    file = folder / "config.json"
    file.write_text(config if isinstance(config, str) else json.dumps(config))
    return file


def helper(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a credential helper on PATH; ``$server`` is what it is asked for."""
    program = folder / f"docker-credential-{name}"
    program.write_text(f'#!/bin/sh\nread -r server\necho "$1 $server" >> "{folder}/asked"\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines()


NOT_HERE = "echo 'credentials not found in native keychain'; exit 1"


@pytest.mark.parametrize(
    ("host", "server", "entry", "expected"),
    [
        ("ghcr.io", "ghcr.io", {"auth": encoded("me:pass:word")}, Credentials("me", "pass:word")),
        ("ghcr.io", "https://ghcr.io", {"auth": encoded("me:x")}, Credentials("me", "x")),
        ("ghcr.io", "https://ghcr.io/v1/", {"auth": encoded("me:x")}, Credentials("me", "x")),
        ("localhost:5000", "localhost:5000", {"auth": encoded("me:x")}, Credentials("me", "x")),
        ("docker.io", "https://index.docker.io/v1/", {"auth": encoded("me:x")}, Credentials("me", "x")),
        ("ghcr.io", "ghcr.io", {"username": "me", "password": "x"}, Credentials("me", "x")),
        ("ghcr.io", "ghcr.io", {"auth": encoded("me:x\0")}, Credentials("me", "x")),
        ("ghcr.io", "ghcr.io", {"identitytoken": "t"}, Credentials(identity_token="t")),
        (
            "ghcr.io",
            "ghcr.io",
            {"auth": encoded("me:x"), "identitytoken": ""},
            Credentials("me", "x"),
        ),
        ("ghcr.io", "quay.io", {"auth": encoded("me:x")}, None),
        ("ghcr.io", "quay.io", {"auth": "another registry's, and not base64"}, None),
        ("ghcr.io", "ghcr.io", {}, None),
    ],
)
def test_auths(
    tmp_path: Path, host: str, server: str, entry: dict[str, str], expected: Credentials | None
) -> None:
    assert login_of(host, written(tmp_path, {"auths": {server: entry}})) == expected


def test_nobody_is_logged_in(tmp_path: Path) -> None:
    assert login_of("ghcr.io", tmp_path / "nothing.json") is None
    contents: tuple[object, ...] = ({}, [], {"auths": {}}, {"credsStore": ""}, {"HttpHeaders": {"a": "b"}})
    for content in contents:
        assert login_of("ghcr.io", written(tmp_path, content)) is None


def test_a_registrys_own_helper_comes_before_the_store_and_auths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, "ecr", """printf '{"Username": "ecr", "Secret": "x"}'""")
    helper(tmp_path, monkeypatch, "desktop", NOT_HERE)
    config = {
        "credHelpers": {"ghcr.io": "ecr"},
        "credsStore": "desktop",
        "auths": {"quay.io": {"auth": encoded("me:x")}, "ghcr.io": {"auth": encoded("other:y")}},
    }
    file = written(tmp_path, config)
    assert login_of("ghcr.io", file) == Credentials("ecr", "x")
    assert login_of("quay.io", file) == Credentials("me", "x")
    assert login_of("example.org", file) is None
    assert asked(tmp_path) == ["get ghcr.io", "get quay.io", "get example.org"]


def test_a_helper_knows_docker_hub_by_its_address_and_may_give_an_identity_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, monkeypatch, "store", """printf '{"Username": "<token>", "Secret": "refresh"}'""")
    file = written(tmp_path, {"credsStore": "store"})
    assert login_of("docker.io", file) == Credentials(identity_token="refresh")
    assert asked(tmp_path) == ["get https://index.docker.io/v1/"]


def test_a_login_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "store", """printf '{"Username": "me", "Secret": "x"}'""")
    login = logins(written(tmp_path, {"credsStore": "store"}))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(login, ["ghcr.io"] * 8)) == {Credentials("me", "x")}
    assert asked(tmp_path) == ["get ghcr.io"]


@pytest.mark.parametrize(
    ("content", "reason", "remedy"),
    [
        ('{\n "auths": }', "{file}:2:11: not valid JSON: Expecting value", "correct it, or remove the file"),
        ("[" * 100_000, "{file}: nested too deeply", "correct it, or remove the file"),
        ("1" * 5000, "{file}: not valid JSON: a number is too long", "correct it, or remove the file"),
        (
            {"auths": {"ghcr.io": {"auth": f"{SECRET}é"}}},
            "{file}: the entry for ghcr.io is not a login",
            "run `docker login ghcr.io` again",
        ),
        (
            {"auths": {"ghcr.io": encoded(SECRET)}},
            "{file}: the entry for ghcr.io is not a login",
            "run `docker login ghcr.io` again",
        ),
        (
            {"credHelpers": ["ecr"]},
            "{file}: the entry for ghcr.io is not a login",
            "run `docker login ghcr.io` again",
        ),
        (
            {"credsStore": "nowhere"},
            "{file} names the credential helper `docker-credential-nowhere`, which is not on PATH",
            "install it, or remove it from the file and log in again",
        ),
        ({"credsStore": "odd"}, "`docker-credential-odd` failed", "`docker pull` shows the helper's message"),
        (
            {"credsStore": "list"},
            "`docker-credential-list` failed",
            "`docker pull` shows the helper's message",
        ),
        (
            {"credsStore": "broken"},
            "`docker-credential-broken` failed",
            "`docker pull` shows the helper's message",
        ),
    ],
)
def test_a_login_that_cannot_be_read_is_said_without_any_part_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object, reason: str, remedy: str
) -> None:
    helper(tmp_path, monkeypatch, "odd", f"echo 'not JSON {SECRET}'")
    helper(tmp_path, monkeypatch, "list", f"""printf '["{SECRET}"]'""")
    helper(tmp_path, monkeypatch, "broken", f"echo 'locked: {SECRET}'; exit 1")
    file = written(tmp_path, content)
    login = login_of("ghcr.io", file)
    assert isinstance(login, Unreadable)
    assert login.reason == reason.replace("{file}", str(file))
    assert remedy in login.remedy
    assert SECRET not in str(login)
    assert encoded(SECRET) not in str(login)


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    assert isinstance(login_of("ghcr.io", tmp_path / "config.json"), Unreadable)
    (tmp_path / "latin1.json").write_bytes(b'{"auths": {"\xff": {}}}')
    assert isinstance(login_of("ghcr.io", tmp_path / "latin1.json"), Unreadable)


def test_the_folder_of_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_file({"DOCKER_CONFIG": "/etc/docker"}) == Path("/etc/docker/config.json")
    assert config_file({"DOCKER_CONFIG": ""}) == config_file({}) == tmp_path / ".docker" / "config.json"


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
