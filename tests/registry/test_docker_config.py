"""A whole configuration of Docker in a secret: which of its entries log in to which hosts."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.registry.credentials import Credentials, login_of
from image_matrix.registry.docker_config import HUB_ENTRY, expand, hidden_texts, merged, read_auths

if TYPE_CHECKING:
    from pathlib import Path


def entry(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:word of {user}".encode()).decode()}


@pytest.mark.parametrize(
    ("server", "reference"),
    [
        ("quay.io", "quay.io/team/images"),
        ("https://quay.io", "quay.io/team/images"),
        ("https://quay.io/v2/", "quay.io/team/images"),
        ("quay.io/team", "quay.io/team/images"),
        ("quay.io/team/images", "quay.io/team/images"),
        ("*.example.com", "registry.example.com/team"),
        ("*.example.com/team", "registry.example.com/team/a"),
        ("*-good.example.com", "very-good.example.com/a"),
        ("*.*.example.com", "a.b.example.com/x"),
        ("registry.example.com:5000", "registry.example.com:5000/a"),
        ("https://index.docker.io/v1/", "docker.io/team/a"),
        ("docker.io/team", "docker.io/team/a"),
    ],
)
def test_an_entry_logs_in_to_the_host_of_a_reference(server: str, reference: str) -> None:
    host = reference.partition("/")[0]
    assert expand({server: entry("me")}, [reference]).entries == {
        HUB_ENTRY if host == "docker.io" else host: entry("me")
    }


@pytest.mark.parametrize(
    ("server", "reference"),
    [
        ("*.example.com", "example.com/a"),
        ("*.example.com", "a.b.example.com/x"),
        ("quay.io/team", "quay.io/team-of-others/a"),
        ("quay.io/team/images", "quay.io/team"),
        ("registry.example.com", "registry.example.com:5000/a"),
        ("registry.example.com:5000", "registry.example.com/a"),
        ("quay.io", "docker.io/quay.io/a"),
    ],
)
def test_an_entry_of_another_place_is_left_out(server: str, reference: str) -> None:
    assert expand({server: entry("me")}, [reference]).entries == {}


def test_the_longest_path_counts_and_a_host_comes_before_a_pattern() -> None:
    auths = {name: entry(name) for name in ("quay.io", "quay.io/team", "*.io", "*.io/team/images/deep")}
    assert expand(auths, ["quay.io/team/images"]).entries == {"quay.io": entry("quay.io/team")}
    assert expand(auths, ["quay.io/other"]).entries == {"quay.io": entry("quay.io")}


def test_the_first_reference_decides_where_docker_has_one_login_for_two_paths() -> None:
    auths = {"quay.io/a": entry("a"), "quay.io/b": entry("b")}
    expanded = expand(auths, ["quay.io/b/images", "quay.io/a/base"])
    assert (expanded.entries, expanded.divided) == ({"quay.io": entry("b")}, ("quay.io",))
    assert expand({"quay.io": entry("a")}, ["quay.io/b", "quay.io/a"]).divided == ()


def test_user_and_password_become_an_entry_of_docker() -> None:
    text = json.dumps({"auths": {"quay.io": {"username": "me", "password": "word of me", "email": "a@b"}}})
    assert read_auths(text, "CONFIG") == {"quay.io": entry("me")}


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        '{"auths": {"quay.io": "hunter2"}}',
        '["hunter2"]',
        '{"auths": "hunter2"}',
        "[" * 100_000 + "hunter2",
        f'["hunter2", {"1" * 5000}]',
    ],
)
def test_a_message_names_the_secret_and_repeats_nothing_of_it(text: str) -> None:
    with pytest.raises(EnvironmentFailure) as caught:
        read_auths(text, "CONFIG")
    assert "the secret CONFIG" in caught.value.message
    assert "hunter2" not in f"{caught.value.message}{caught.value.help}{caught.value.__cause__}"


def test_passwords_are_hidden_in_each_form() -> None:
    auths = {"quay.io": entry("me"), "team.azurecr.io": {"identitytoken": "refresh"}}
    assert {"word of me", entry("me")["auth"], "refresh"} <= set(hidden_texts(auths))


def test_a_store_of_the_runner_does_not_hide_the_logins(tmp_path: Path) -> None:
    existing = {
        "credsStore": "desktop",
        "credHelpers": {"quay.io": "gone", "gcr.io": "gcloud"},
        "auths": {"ghcr.io": entry("you")},
        "currentContext": "builder",
    }
    content = merged(existing, {"quay.io": entry("me")})
    assert content["currentContext"] == "builder"
    assert content["credHelpers"] == {"gcr.io": "gcloud"}
    file = tmp_path / "config.json"
    file.write_text(json.dumps(content))
    assert login_of("quay.io", file) == Credentials("me", "word of me")
    assert login_of("ghcr.io", file) == Credentials("you", "word of you")


@pytest.mark.parametrize("section", [None, [], "a", 1])
def test_sections_of_another_form_are_left_out(section: object) -> None:
    existing = {"auths": section, "credHelpers": section, "currentContext": "builder"}
    content = merged(existing, {"quay.io": entry("me")})
    assert content == {"currentContext": "builder", "auths": {"quay.io": entry("me")}}
