"""Every fact of known_hosts.json has a source, and can be looked up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from image_matrix.lock.defaults import ask_defaults
from image_matrix.registry import known_hosts
from image_matrix.registry.known_hosts import behind, real_host, service

TABLE: dict[str, Any] = json.loads(Path(known_hosts.__file__).with_suffix(".json").read_text())
HOST = re.compile(r"(\*\.)?([a-z0-9-]+\.)+[a-z]+")
ENTRIES = [*TABLE["behind"], *TABLE["services"].values()]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["source"])
def test_an_entry_names_hosts_and_its_source(entry: dict[str, Any]) -> None:
    assert entry["source"].startswith("https://")
    assert entry["hosts"]
    for host, use in entry["hosts"].items():
        assert HOST.fullmatch(host.format(region="eu-west-1"))
        assert use
        assert not use.endswith(".")


def test_no_default_of_an_installer_is_among_them() -> None:
    named = {host for entry in ENTRIES for host in entry["hosts"]}
    defaults = ask_defaults(("pip", "npm"), "3.13").values()
    assert defaults
    assert not named & {urlsplit(address).hostname for address in defaults}


def test_the_region_of_a_registry_is_that_of_its_hosts() -> None:
    hosts = behind("123456789012.dkr.ecr.eu-central-1.amazonaws.com")
    assert hosts
    assert [host.name for host in hosts] == [
        "api.ecr.eu-central-1.amazonaws.com",
        "prod-eu-central-1-starport-layer-bucket.s3.eu-central-1.amazonaws.com",
    ]


def test_a_host_is_known_by_its_whole_name() -> None:
    assert behind("ghcr.io")
    assert behind("ghcr.io.example.org") is None
    assert behind("notghcr.io") is None


def test_docker_hub_answers_under_another_name() -> None:
    assert real_host("docker.io") == "registry-1.docker.io"
    assert real_host("quay.io") == "quay.io"


def test_a_service_of_aws_is_in_a_region() -> None:
    assert [host.name for host in service("AWS STS", "us-east-1")] == ["sts.us-east-1.amazonaws.com"]
