"""Addresses that are printed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from image_matrix.running.address import login_page, page_of, ssh_target, tunnel
from image_matrix.running.launch import launch_of
from image_matrix.running.model import EnvSetting, LocalImage, RunOptions
from image_matrix.verify.engine import Start
from tests.running.images import LAB, SERVICE

STUDIO = replace(LAB, served="rstudio")
PREFIXED = replace(LAB, start=Start(("/init",), (8888,), {"NB_PREFIX": "/image"}))


@pytest.mark.parametrize(
    ("image", "env", "address"),
    [
        (LAB, (), "http://127.0.0.1:32768/lab"),
        (STUDIO, (), "http://127.0.0.1:32768/"),
        (LAB, (EnvSetting("NB_PREFIX", "/a/b"),), "http://127.0.0.1:32768/a/b/lab"),
        (LAB, (EnvSetting("NB_PREFIX", "/a/"),), "http://127.0.0.1:32768/a/lab"),
        (STUDIO, (EnvSetting("NB_PREFIX"),), "http://127.0.0.1:32768/of/the/caller/"),
        (PREFIXED, (), "http://127.0.0.1:32768/image/lab"),
        (PREFIXED, (EnvSetting("NB_PREFIX", ""),), "http://127.0.0.1:32768/lab"),
        (SERVICE, (EnvSetting("NB_PREFIX", "/a"),), "http://127.0.0.1:32768/"),
    ],
)
def test_an_address_has_the_prefix_of_the_container(
    image: LocalImage, env: tuple[EnvSetting, ...], address: str
) -> None:
    launch = launch_of(image, RunOptions(env=env), "one")
    assert page_of(launch, {"NB_PREFIX": "/of/the/caller"}).at(32768) == address


LOG = """\
[I ServerApp] http://7c1f2e:8888/lab?token=0a1b2c
[I ServerApp]     http://127.0.0.1:8888/lab?token=0a1b2c
"""


def test_the_token_that_jupyter_prints_is_in_the_address() -> None:
    page = login_page(LOG, 8888)
    assert page is not None
    assert page.at(40000) == "http://127.0.0.1:40000/lab?token=0a1b2c"
    assert login_page(LOG, 8889) is None
    assert login_page("nothing", 8888) is None


def test_a_token_that_was_set_stays_hidden_and_https_stays() -> None:
    page = login_page("https://127.0.0.1:8888/lab?token=...", 8888)
    assert page is not None
    assert page.at(1) == "https://127.0.0.1:1/lab"


@pytest.mark.parametrize(
    ("endpoint", "line"),
    [
        ("ssh://me:secret@build.example.org:2222", "ssh -N -L 80:127.0.0.1:80 -p 2222 me@build.example.org"),
        ("ssh://build.example.org", "ssh -N -L 80:127.0.0.1:80 build.example.org"),
        ("tcp://docker.example.org:2376", "ssh -N -L 80:127.0.0.1:80 docker.example.org"),
        ("ssh://localhost", "ssh -N -L 80:127.0.0.1:80 localhost"),
    ],
)
def test_an_engine_elsewhere_is_reached_through_ssh(endpoint: str, line: str) -> None:
    target = ssh_target(urlsplit(endpoint))
    assert target is not None
    assert tunnel(target, 80) == line


@pytest.mark.parametrize(
    "endpoint", ["", "unix:///run/docker.sock", "npipe:////./pipe/docker", "tcp://localhost:2375"]
)
def test_an_engine_here_needs_no_tunnel(endpoint: str) -> None:
    assert ssh_target(urlsplit(endpoint)) is None
