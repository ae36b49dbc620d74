from __future__ import annotations

import pytest

from image_matrix.dockerfiles.users import last_user


@pytest.mark.parametrize(
    ("dockerfile", "user"),
    [
        ("FROM a\nRUN id\n", None),
        ("FROM a\nUSER 5\nFROM b\n", None),
        ("FROM a\nUSER root\nRUN id\nUser  nobody:users \n", "nobody:users"),
        ("FROM a\nENV NB_UID=1000 X=y\nUSER ${NB_UID}\n", "1000"),
        ('FROM a\nENV U="jovyan"\nUSER "$U"\n', "jovyan"),
        ("FROM a\nARG U=1\nUSER $U\n", "1"),
        ("FROM a\nARG U\nUSER $U\n", ""),
        ("ARG U=1\nFROM a\nARG U\nUSER $U\n", "1"),
        ("FROM a\nARG G=1\nUSER me:$G\n", "me:5"),
        ("FROM a\nENV U me\nUSER \\\n  ${U:-x}\n", "me"),
        ("FROM a\nRUN <<E\nUSER 3\nE\n", None),
        ("ARG B=b\nFROM a AS b\nUSER 1\nFROM $B\n", "1"),
        ("no Dockerfile", ""),
        ("FROM a\nENV U=1\nFROM b\nUSER $U\n", ""),
        ("FROM --platform=x a AS first\nENV U=7\nUSER $U\nFROM First\nRUN id\n", "7"),
        ("FROM a AS b\nARG U=8\nFROM b\nUSER $U\n", "8"),
        ("FROM a AS b\nUSER 1\nFROM b as c\nUSER 2\n", "2"),
    ],
)
def test_the_last_user_of_a_dockerfile(dockerfile: str, user: str | None) -> None:
    assert last_user(dockerfile, {"G": "5"}) == user


def test_a_target_is_the_stage_that_counts() -> None:
    assert last_user("FROM a AS one\nUSER 1\nFROM one AS two\nUSER 2\n", {}, "one") == "1"
