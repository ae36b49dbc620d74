from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.registry_status import presence, require_access_to_existing
from image_matrix.registry.answers import CHECK, Absent, Answer, Denied, Digest, Unreachable

ANSWERS: dict[str, Answer] = {
    "r.example/a:1": Digest("sha256:1"),
    "r.example/b:1": Absent(),
    "r.example/c:1": Denied("log in"),
    "r.example/d:1": Denied("log in"),
}


def test_one_line_for_all_that_was_refused_for_the_same_reason() -> None:
    lines: list[str] = []
    assert list(presence(ANSWERS, lines.append).values()) == ["present", "absent", "unknown", "unknown"]
    assert lines == ["r.example/c:1 and 1 more: access denied: log in"]


def test_one_tag_without_an_answer_is_a_failure() -> None:
    answers = {**ANSWERS, "r.example/e:1": Unreachable("HTTP 500"), "r.example/e:2": Unreachable("HTTP 500")}
    message = r"gives no answer about r\.example/e:1 and 1 more: HTTP 500"
    with pytest.raises(EnvironmentFailure, match=message) as caught:
        presence(answers, print)
    assert caught.value.help == CHECK


def test_no_answer_at_all_is_a_failure() -> None:
    with pytest.raises(EnvironmentFailure, match="gives no answer: refused") as caught:
        presence({"r/a:1": Unreachable("refused", "wait"), "r/b:1": Unreachable("refused")}, print)
    assert caught.value.help == "wait"
    assert presence({}, print) == {}


def test_packages_that_may_not_exist_yet_are_refused_without_harm() -> None:
    require_access_to_existing(ANSWERS, frozenset({"r.example/a", "r.example/other"}))


@pytest.mark.parametrize(
    ("more", "published"),
    [
        ({}, {"r.example/c"}),
        ({"r.example/c:2": Digest("sha256:2")}, set()),
        ({"r.example/c:2": Absent()}, set()),
    ],
)
def test_a_package_that_exists_is_not_absent_because_it_is_refused(
    more: dict[str, Answer], published: set[str]
) -> None:
    with pytest.raises(EnvironmentFailure, match="although it has other images of this name: log in"):
        require_access_to_existing({**ANSWERS, **more}, published)
