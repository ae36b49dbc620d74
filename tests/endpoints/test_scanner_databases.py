"""Where Trivy and Grype fetch their databases: lists of Trivy's, and addresses that nothing can be reached at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Scanning
from image_matrix.endpoints.model import EndpointNeed, UnknownHosts
from image_matrix.endpoints.scanner_databases import database_needs
from image_matrix.registry.known_hosts import service

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_HOST = "its address in `release.scan.env` names no host that can be listed"


def found(scanning: Scanning) -> tuple[list[str], list[str]]:
    """Return the addresses, and what is said of those that are not known."""
    entries = [*database_needs(scanning)]
    return (
        sorted({one.endpoint.address for one in entries if isinstance(one, EndpointNeed)}),
        [one.advice for one in entries if isinstance(one, UnknownHosts)],
    )


def of_trivy(repository: str) -> tuple[list[str], list[str]]:
    env = {"TRIVY_DB_REPOSITORY": repository, "TRIVY_SKIP_JAVA_DB_UPDATE": "true"}
    return found(Scanning("trivy", env=env))


def makers(tool: str) -> list[str]:
    return sorted(f"https://{host.name}" for host in service(tool))


@pytest.mark.parametrize(
    ("repository", "hosts", "unknown"),
    [
        ("a.example.org/x:2", ["https://a.example.org"], 0),
        ("a.example.org:5000/x:2 , b.example.org/x", ["https://a.example.org:5000", "https://b.example.org"], 0),
        ("https://a.example.org/x:2", [], 1),
        ("oci://a.example.org/x", [], 1),
        ("a.example.org/x,https://b.example.org/x", ["https://a.example.org"], 1),
        ("a.example.org:port/x", [], 1),
        ("[a.example.org/x", [], 1),
    ],
)  # fmt: skip
def test_each_entry_of_a_list_is_a_reference(repository: str, hosts: Sequence[str], unknown: int) -> None:
    assert of_trivy(repository) == (hosts, [NO_HOST] * unknown)


@pytest.mark.parametrize("empty", ["", " ", ",", " , ,"])
def test_a_list_without_an_entry_is_not_set(empty: str) -> None:
    assert of_trivy(empty) == (makers("trivy"), [])


def test_a_blank_address_is_not_set() -> None:
    assert found(Scanning("grype", env={"GRYPE_DB_UPDATE_URL": " "})) == (makers("grype"), [])


@pytest.mark.parametrize(
    "address", ["x.example.org/y", "https:///y", "https://[x", "https://a:b/", "ftp://x/y", ","]
)
def test_an_address_that_names_no_host(address: str) -> None:
    env = {"GRYPE_DB_UPDATE_URL": address}
    assert found(Scanning("grype", env=env)) == ([], [NO_HOST])


def test_trivys_server_has_a_database_of_its_own() -> None:
    env = {"TRIVY_SERVER": "https://a.example.org:4954", "TRIVY_DB_REPOSITORY": "b.example.org/x"}
    skipped = {"TRIVY_SKIP_JAVA_DB_UPDATE": "1"}
    assert found(Scanning("trivy", env={**env, **skipped})) == (["https://a.example.org:4954"], [])


@pytest.mark.parametrize("variable", ["TRIVY_DB_REPOSITORY", "TRIVY_JAVA_DB_REPOSITORY"])
def test_each_of_trivys_databases_is_named_as_what_it_is(variable: str) -> None:
    """With one of them in a registry of its own, the hosts of the maker are for the other."""
    needs = database_needs(Scanning("trivy", env={variable: "r.example.org/db:2"}))
    uses = {one.endpoint.host: one.what for one in needs if isinstance(one, EndpointNeed)}
    own, makers_ = "trivy: the database of vulnerabilities", "trivy: the database of Java archives"
    if variable == "TRIVY_JAVA_DB_REPOSITORY":
        own, makers_ = makers_, own
    assert uses["r.example.org"] == own
    assert uses["mirror.gcr.io"] == makers_
    assert uses["ghcr.io"].startswith(makers_)
