"""Which hosts are trusted, by name and by port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.config.trusted_hosts import git_trust, is_trusted, trusted_in_steps, trusts
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs

if TYPE_CHECKING:
    from pathlib import Path

TRUSTED = ("registry.example.org:5000", "packages.example.org", "tls.example.org:443")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://registry.example.org:5000/v2/", True),
        ("https://registry.example.org/v2/", False),
        ("https://packages.example.org:8443/simple", True),
        ("https://PACKAGES.example.org/simple", True),
        ("https://packages.example.org.evil.example/simple", False),
        ("https://packages.example.org:pass@evil.example/simple", False),
        ("https://tls.example.org/simple", True),
        ("http://tls.example.org/simple", False),
        ("https://packages.example.org:port/simple", False),
        ("", False),
    ],
)
def test_an_entry_without_a_port_is_for_every_port(url: str, expected: bool) -> None:
    assert trusts(url, TRUSTED) is expected


def test_a_registry_is_asked_at_the_port_of_https() -> None:
    assert is_trusted("tls.example.org", TRUSTED)
    assert not is_trusted("registry.example.org", TRUSTED)


def test_settings_of_git_go_behind_those_that_are_there() -> None:
    assert git_trust(("a.example.org",), 2) == {
        "GIT_CONFIG_COUNT": "3",
        "GIT_CONFIG_KEY_2": "http.https://a.example.org/.sslVerify",
        "GIT_CONFIG_VALUE_2": "false",
    }
    assert git_trust(()) == {}


MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
sources: {debian: docker.io/library/debian:trixie-slim}
network:
  trusted_hosts: [registry.example.org]
  mirrors:
    pip: http://packages.example.org:8080/simple
    index_urls: {https://public.example.org: http://mirror.example.org, http://old.example.org: https://new.example.org}
images:
  base:
    from: debian
    kind: base
    pip: {packages: [uv==0.13.8], index_url: http://direct.example.org/simple, extra_index_urls: [
      https://public.example.org/cu130, http://old.example.org/cpu, https://open.example.org/simple]}
"""


def test_indexes_in_plain_http_are_trusted_in_steps_behind_their_mirrors(tmp_path: Path) -> None:
    (tmp_path / "matrix.yaml").write_text(MATRIX)
    loaded = load_inputs(read_inputs(tmp_path))
    assert trusted_in_steps(loaded.matrix, loaded.variants.values()) == (
        "registry.example.org",
        "packages.example.org:8080",
        "direct.example.org",
        "mirror.example.org",
    )
