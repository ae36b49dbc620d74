from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from image_matrix.config.accelerators import Accelerator
from image_matrix.errors import EnvironmentFailure
from image_matrix.verify.engine import CommandResult, Engine
from image_matrix.verify.hub import hub
from image_matrix.verify.model import Subject
from image_matrix.verify.run import verify
from image_matrix.verify.scenarios import Scenario, commanded, pod, results, scenarios
from tests.verify.test_engine import Recorder

if TYPE_CHECKING:
    from image_matrix.config.model import ImageTests

LAB = Subject("lab:default", "registry/lab", "jupyter")
CUDA = Accelerator("cuda", version="13.0", device="nvidia.com/gpu")
TORCH = Subject(
    "torch:default", "registry/torch", "jupyter", accelerator=CUDA, pins={"torch": "2.12.0"},
    packages=frozenset({"torch"}),
)  # fmt: skip


def names(subject: Subject) -> set[str]:
    return {check for scenario in scenarios(subject) for check in scenario.checks}


def test_an_image_without_an_ide_is_not_asked_for_pages() -> None:
    base = names(Subject("base:default", "registry/base"))
    assert {"user", "empty-volume", "sigterm", "any-uid", "read-only", "command", "bad-prefix"} <= base
    assert not base & {"http", "cors", "hub-start", "no-prefix", "device"}
    assert names(LAB) > base


def test_a_kind_of_one_s_own_is_asked_for_a_page_and_nothing_that_is_an_ide_s() -> None:
    own = names(replace(LAB, ide="other"))
    assert own >= {"http", "cors", "inside-prefix", "trailing-slash", "alone", "no-prefix"}
    assert not own & {"websocket", "culling", "hub-start"}
    assert names(LAB) >= own


def test_a_kind_of_one_s_own_runs_under_a_hub_where_it_has_the_package() -> None:
    own = replace(LAB, ide="other", packages=frozenset({"jupyterhub"}))
    assert names(own) >= {"hub-start", "hub-ide", "hub-login", "hub-activity", "hub-any-uid"}
    assert "hub-start" not in names(replace(own, ide=None))


def test_a_device_is_looked_for_where_the_resource_is_known() -> None:
    assert "device" in names(TORCH)
    rocm = Accelerator("rocm", device="amd.com/gpu")
    assert "device" in names(Subject("a:b", "c", "jupyter", accelerator=rocm))
    other = Accelerator("xpu", device="gpu.intel.com/xe")
    assert "device" not in names(Subject("a:b", "c", "jupyter", accelerator=other))


def test_a_container_that_ends_fails_every_check_that_is_left() -> None:
    call = Recorder(
        exec=CommandResult(1, "", "container is not running"),
        wait=CommandResult(0, "73\n"),
        logs=CommandResult(0, "the volume is full"),
    )
    found = results(scenarios(LAB)[0], Engine(call), LAB)
    assert {result.name for result in found} >= {"http", "user", "sigterm"}
    assert {result.status for result in found} == {"failed"}
    assert {result.detail for result in found} == {"the container ended with exit code 73"}
    assert found[0].log == "the volume is full"


def test_an_image_s_own_tests_fail_with_their_container() -> None:
    tests: ImageTests = {
        "commands": {"git --version": ""},
        "imports": {"torch": ""},
        "http": {"lab": ""},
        "files": {"~/a": ""},
    }
    subject = replace(TORCH, tests=tests)
    call = Recorder(exec=CommandResult(1, "", "gone"), wait=CommandResult(0, "73\n"))
    found = [result.name for result in results(scenarios(subject)[0], Engine(call), subject)]
    wanted = [
        "command git --version",
        "http lab",
        "file ~/a",
        "import torch",
        "packages",
        "accelerator torch",
    ]
    assert found[-8:] == [*wanted, "ports", "sigterm"]


def test_a_container_without_python_is_said_to_have_none() -> None:
    call = Recorder(
        exec=CommandResult(126, "", "exec: /usr/bin/python3: no such file"), wait=CommandResult(None, "")
    )
    found = results(scenarios(LAB)[0], Engine(call), LAB)
    assert "the image has no /usr/bin/python3" in found[0].detail
    assert "no such file" in found[0].log


def test_a_container_that_hangs() -> None:
    found = results(scenarios(LAB)[0], Engine(Recorder(exec=CommandResult(None, ""))), LAB)
    assert found[0].detail == "the container does not answer"


def test_an_entry_point_that_is_missing_fails_every_check() -> None:
    report = verify(Engine(Recorder(run=CommandResult(127, "", "exec: /init: not found"))), LAB)
    assert {result.status for result in report.results} == {"failed"}
    assert names(LAB) == {result.name for result in report.results}
    assert "/init" in report.results[0].detail


def test_an_engine_that_fails_is_nobody_s_image() -> None:
    with pytest.raises(EnvironmentFailure):
        verify(Engine(Recorder(run=CommandResult(125, "", "cannot connect"))), LAB)


@pytest.mark.parametrize(("code", "status"), [("7", "passed"), ("0", "failed"), ("137", "failed")])
def test_a_command_s_exit_code(code: str, status: str) -> None:
    log = "@init s6-svscan /run/s6\n@home /home/jovyan\n@left /home/jovyan/.cache"
    call = Recorder(wait=CommandResult(0, code), logs=CommandResult(0, log))
    exit_code, home = commanded(Engine(call), LAB)
    assert exit_code.status == status
    assert home.status == "failed"


def test_the_log_of_a_failure_is_the_container_s() -> None:
    page = {
        "status": 404,
        "headers": {},
        "body": "",
        "location": "",
        "hops": ["/x"],
        "seconds": 1.0,
        "error": "",
    }
    call = Recorder(exec=CommandResult(0, json.dumps([page, page])), logs=CommandResult(0, "no such page"))
    scenario = Scenario(("http",), pod)
    engine = Engine(call)
    first = next(iter(scenario.run(engine, LAB)))
    assert (first.status, first.log) == ("failed", "no such page")


class Silent(Recorder):
    """A container in which the probe works and nothing listens."""

    def __call__(self, arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        if arguments[0] != "exec":
            return super().__call__(arguments, text, seconds)
        questions = json.loads(arguments[-1])
        return CommandResult(0, json.dumps([self.answer(*question) for question in questions]))

    def answer(self, what: str, _: dict[str, object]) -> dict[str, object]:
        if what in ("get", "upgrade"):
            page = {"status": 0, "location": "", "hops": [], "headers": {}, "body": "", "moment": 0.0}
            return {**page, "seconds": 60.0, "error": "connection refused"}
        if what == "environment":
            return {"JUPYTERHUB_API_TOKEN": "x"}
        return {"error": "", "hops": ["/"], "status": 200}


def test_what_needs_a_server_that_never_answers_is_not_waited_for() -> None:
    for scenario, first in ((pod, "http"), (hub, "hub-start")):
        found = []
        for result in scenario(Engine(Silent()), LAB):
            found.append(result)
            if result.name in ("culling", "hub-any-uid"):
                break
        assert (found[0].name, found[0].status) == (first, "failed")
        assert {result.status for result in found[1:]} == {"skipped"}
        assert len(found) == 5


def test_every_scenario_that_has_ended_is_told() -> None:
    lines: list[str] = []
    verify(Engine(Recorder(run=CommandResult(127, "", "exec: /init: not found"))), LAB, lines.append)
    count = len(scenarios(LAB))
    assert max(line.partition(":")[0] for line in lines) == f"{count} of {count}"
    assert all(line.endswith(": FAILED") for line in lines)
