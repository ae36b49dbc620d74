"""An image without a platform in front: what a stranger gets, and what whoever has the token of the log gets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from image_matrix.verify import alone as module
from image_matrix.verify.alone import Arrival, alone, arrive, printed_token
from image_matrix.verify.engine import CommandResult, Container, Engine
from image_matrix.verify.model import Result, Subject

LAB = Subject("lab:default", "registry/lab", "jupyter", deadline=0.0)
OWN = replace(LAB, ide="other")
LOG = "[I] http://localhost:8888/lab?token=...\nimage-matrix: open http://127.0.0.1:8888/lab?token=0a1b"


def answer(status: int, *hops: str) -> dict[str, Any]:
    return {
        "status": status,
        "hops": ["/", *hops],
        "headers": {},
        "location": "",
        "seconds": 0.1,
        "error": "",
    }


class Server:
    """A container whose page answers each status in turn, with the token always 200, and whose log is fixed."""

    def __init__(self, *answers: dict[str, Any], log: str = "") -> None:
        self.answers, self.log = list(answers), log

    def __call__(self, arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        del text, seconds
        if arguments[0] == "logs":
            return CommandResult(0, self.log)
        ((_, question),) = json.loads(arguments[-1])
        if question.get("headers", {}).get("Authorization") == "token 0a1b":
            return CommandResult(0, json.dumps([answer(200)]))
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return CommandResult(0, json.dumps([now]))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SETTLED", 0.0)
    monkeypatch.setattr(module, "PAUSE", 0.0)


def found(server: Server, subject: Subject) -> tuple[Arrival, dict[str, Result]]:
    container = Container(Engine(server), "one")
    seen = arrive(container, subject)
    return seen, {result.name: result for result in alone(container, subject, seen, 0.0)}


def test_the_token_of_the_log_opens_the_page() -> None:
    patient = replace(LAB, deadline=5.0)
    seen, results = found(Server(answer(0), answer(403), log=LOG), patient)
    assert seen.token == "0a1b"
    assert seen.headers == {"Authorization": "token 0a1b"}
    assert results["no-prefix"].status == "passed"


def test_a_page_that_everybody_opens_fails() -> None:
    _, results = found(Server(answer(200)), LAB)
    assert (results["alone"].status, results["no-prefix"].status) == ("failed", "passed")


def test_a_login_that_the_log_does_not_name_fails() -> None:
    seen, results = found(Server(answer(200, "/lab", "/login")), LAB)
    assert seen.headers == {}
    assert "the log has no line" in results["alone"].detail


def test_a_kind_of_one_s_own_without_a_login_is_told_and_not_failed() -> None:
    _, results = found(Server(answer(200)), OWN)
    assert (results["alone"].status, results["no-prefix"].status) == ("skipped", "passed")


def test_a_kind_of_one_s_own_may_have_any_login() -> None:
    _, results = found(Server(answer(502), answer(401)), replace(OWN, deadline=5.0))
    assert (results["alone"].status, results["no-prefix"].status) == ("passed", "skipped")
    _, results = found(Server(answer(403), log=LOG), OWN)
    assert {result.status for result in results.values()} == {"passed"}


def test_the_last_token_counts() -> None:
    again = f"{LOG}\nimage-matrix: open http://127.0.0.1:8888/?token=2c"
    assert printed_token(again) == "2c"
    assert printed_token("image-matrix: http://127.0.0.1:8888/ asks for the value of JUPYTER_TOKEN") == ""
