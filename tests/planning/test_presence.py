from __future__ import annotations

import pytest

from image_matrix.errors import EnvironmentFailure
from image_matrix.planning.registry_status import presence
from image_matrix.registry.answers import Absent, Answer, Denied, Digest, Unreachable


def test_one_line_for_all_that_could_not_be_looked_up_for_the_same_reason() -> None:
    said: list[str] = []
    answers: dict[str, Answer] = {
        "r/a:1": Digest("sha256:1"),
        "r/b:1": Absent(),
        "r/c:1": Denied("log in"),
        "r/d:1": Denied("log in"),
        "r/e:1": Unreachable("HTTP 500"),
    }
    assert list(presence(answers, said.append).values()) == [
        "present",
        "absent",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert said == ["r/c:1 and 1 more: cannot look: log in", "r/e:1: cannot look: HTTP 500"]


def test_no_answer_at_all_is_a_failure() -> None:
    with pytest.raises(EnvironmentFailure, match="gives no answer: refused"):
        presence({"r/a:1": Unreachable("refused"), "r/b:1": Unreachable("refused")}, print)
    assert presence({}, print) == {}
