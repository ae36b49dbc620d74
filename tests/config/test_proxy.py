"""Which proxy variables builds have, by the matrix and by those of the caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.config.proxy import (
    Proxy,
    missing_secrets,
    open_variables,
    proxy_variables,
    secret_variables,
    shown,
    within_steps,
)

HERE = "localhost,127.0.0.1,::1"


@pytest.mark.parametrize(
    ("proxy", "environment", "expected"),
    [
        (Proxy(), {}, {}),
        (Proxy(no_proxy=(".example.org",)), {"NO_PROXY": "a"}, {}),
        (
            Proxy(),
            {"http_proxy": "http://p:1", "HTTPS_PROXY": "http://p:2", "NO_PROXY": "a, b,"},
            {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2", "NO_PROXY": f"a,b,{HERE}"},
        ),
        (
            Proxy(),
            {"http_proxy": "http://small:1", "HTTP_PROXY": "http://large:1"},
            {"HTTP_PROXY": "http://small:1"},
        ),
        (
            Proxy(https="http://matrix:1", no_proxy=(".example.org",)),
            {"HTTPS_PROXY": "http://caller:1", "HTTP_PROXY": "http://caller:2", "no_proxy": "a"},
            {
                "HTTPS_PROXY": "http://matrix:1",
                "HTTP_PROXY": "http://caller:2",
                "NO_PROXY": f".example.org,{HERE}",
            },
        ),
        (Proxy(https="env://OURS"), {"OURS": " http://u:p@p:1 "}, {"HTTPS_PROXY": "http://u:p@p:1"}),
        (Proxy(https="env://OURS"), {"HTTPS_PROXY": "http://p:1"}, {"HTTPS_PROXY": "http://p:1"}),
    ],
)
def test_the_matrix_goes_before_the_caller_field_by_field(
    proxy: Proxy, environment: dict[str, str], expected: dict[str, str]
) -> None:
    found = proxy_variables(proxy, environment)
    assert {name: found[name] for name in expected} == expected
    assert {name.upper() for name in found} == ({*expected, "NO_PROXY"} if expected else set())
    assert all(found[name.lower()] == value for name, value in found.items())


def test_a_variable_that_is_missing_is_named() -> None:
    proxy = Proxy("env://A", "env://B")
    assert missing_secrets(proxy, {"B": "http://p:1"}) == ["A"]
    assert Proxy("env://A", "env://A").secrets == ("A",)


@given(st.text(min_size=1), st.sampled_from(["http://", "https://", ""]))
def test_what_has_a_password_is_never_open(password: str, scheme: str) -> None:
    variables = {"HTTPS_PROXY": f"{scheme}user:{password}@proxy.example.org:3128", "HTTP_PROXY": "http://p:1"}
    assert open_variables(variables) == {"HTTP_PROXY": "http://p:1"}
    assert set(secret_variables(variables)) == {"HTTPS_PROXY"}


def test_messages_have_host_and_port_alone() -> None:
    assert shown("http://user:hunter2@proxy.example.org:3128/") == "proxy.example.org:3128"
    assert shown("user:hunter2@proxy.example.org:3128") == "proxy.example.org:3128"
    assert shown("") == "?"


def test_build_steps_get_no_proxy_of_this_machine() -> None:
    for address in (
        "http://127.0.0.1:3128",
        "http://localhost:3128",
        "ada:b@127.9.9.9:1",
        "http://[::1]:3128",
    ):
        assert within_steps({"HTTPS_PROXY": address, "https_proxy": address, "NO_PROXY": "127.0.0.1"}) == {
            "NO_PROXY": "127.0.0.1"
        }
    there = {"HTTPS_PROXY": "http://localhost.example.org:3128"}
    assert within_steps(there) == there
