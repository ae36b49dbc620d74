from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_matrix.diagnostics import Place, diagnostic
from image_matrix.diagnostics.catalogue import BAD_VALUE
from image_matrix.diagnostics.redact import conceal, conceal_in_line, has_user, without_user
from image_matrix.diagnostics.report import github, terminal

PASSWORDS = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="\"'`@"), min_size=4
)


@pytest.mark.parametrize(
    "text",
    [
        "https://files.example.org:8443/npm/thing@1.0/file",
        "https://files.example.org/a?mail=x@example.org",
        "docker.io/library/debian:trixie-slim@sha256:0123",
        "localhost:5000/debian:trixie-slim@sha256:0123",
        "'@angular/cli@20.0.0', prettier@3.6.2, ms-python.python@2026.4.0",
        "git=1:2.47.*",
    ],
)
def test_an_at_sign_is_not_always_behind_a_user(text: str) -> None:
    assert not has_user(text)
    assert conceal(text) == text
    assert without_user(text) == text


@pytest.mark.parametrize(
    ("address", "rest"),
    [
        ("https://user:pass@a.example.org/simple", "https://a.example.org/simple"),
        ("https://token@a.example.org/simple", "https://a.example.org/simple"),
        ("https://user:p@ss@a.example.org:8443/simple", "https://a.example.org:8443/simple"),
        ("https://user:pa/ss@a.example.org", "https://a.example.org"),
        ("https://user:pa ss@a.example.org", "https://a.example.org"),
        ("user:pass@a.example.org/x", "a.example.org/x"),
    ],
)
def test_users_are_found_and_left_out(address: str, rest: str) -> None:
    assert has_user(address)
    assert without_user(address) == rest
    assert conceal(address) == (rest.replace("://", "://***@") if "://" in rest else f"***@{rest}")


@given(PASSWORDS)
def test_no_password_is_printed(password: str) -> None:
    secret = f"p{password}0secret0"  # digits and a slash would be a port and a path
    line = f'  pip: "https://user:{secret}@mirror.example.org/simple" # the mirror'
    place = Place("matrix.yaml", 3, 8, len(line) - 20, line)
    found = diagnostic(BAD_VALUE, place, where="`mirrors.pip`", problem=f"`{line.split()[1]}`", advice=line)
    assert "0secret0" not in terminal([found])
    assert "0secret0" not in github([found])


@given(st.text(st.characters(exclude_characters="@")), st.integers(1, 50), st.integers(1, 50))
def test_a_line_without_an_address_stays(line: str, column: int, width: int) -> None:
    assert conceal_in_line(line, column, width) == (line, column, width)


def test_the_mark_stays_below_what_it_marks() -> None:
    line = 'url: "https://user:a-long-password@a.example.org", to: here'
    for text in ("url", '"https://user:a-long-password@a.example.org"', "here"):
        shown, column, width = conceal_in_line(line, line.index(text) + 1, len(text))
        assert shown == 'url: "https://***@a.example.org", to: here'
        assert shown[column - 1 : column - 1 + width] == conceal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("`https://user:pa` is no address", "`https://***` is no address"),
        ("[https://user:pa, ss@a.example.org/x]", "[https://***@a.example.org/x]"),
        ("`http://a.example.org:8080` is no address", "`http://a.example.org:8080` is no address"),
        ("[http://a.example.org:8080, http://b.example.org]", "[http://a.example.org:8080, http://b.example.org]"),
        ("look at https://a.example.org: nothing is there", "look at https://a.example.org: nothing is there"),
    ],
)  # fmt: skip
def test_what_is_left_of_an_address_shows_no_password_either(text: str, said: str) -> None:
    assert conceal(text) == said
