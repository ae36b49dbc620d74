from __future__ import annotations

import json
import subprocess
import sys

import pytest

from image_matrix.verify.engine import CommandResult, Container, Engine
from image_matrix.verify.image_tests import image_test_results, packages
from image_matrix.verify.model import Subject
from image_matrix.verify.probe_client import source
from image_matrix.verify.probe_output import read
from tests.verify.test_engine import Recorder

SUBJECT = Subject(
    "lab:default", "registry/lab", "jupyter",
    tests={"commands": {"git --version": "git version", "git 'a b'": ""}, "http": {"lab": "JupyterLab"},
           "files": {"/init": "", "~/x": ""}, "imports": {"scipy": "", "broken": "", "crash": ""}},
    provides={"python": "3.13"},
    pins={"scipy": "1.17.1"},
)  # fmt: skip


def page(status: int, body: str) -> dict[str, object]:
    return {
        "status": status,
        "headers": {},
        "body": body,
        "location": "",
        "hops": ["/"],
        "seconds": 0.1,
        "error": "",
    }


def line(*told: object) -> str:
    return f"@image-matrix {json.dumps(told)}\n"


def test_every_test_has_a_result_of_its_own() -> None:
    python = (
        "noise\n"
        + line("version", "python", "3.13.5", 0.0)
        + line("version", "scipy", "1.17.0", 0.0)
        + line("import", "scipy", "", 1.5)
        + line("import", "broken", "ImportError: no", 0.1)
        + "Segmentation fault"
    )
    answers = [
        {"code": 0, "out": "git version 2.47\n", "seconds": 0.1},
        {"code": 1, "out": "no such command\n", "seconds": 0.1},
        page(200, "<title>JupyterLab</title>"),
        {"missing": ["~/x"]},
        {"code": -11, "out": python, "seconds": 2.0},
    ]
    call = Recorder(exec=CommandResult(0, json.dumps(answers)))
    found = {
        result.name: result for result in image_test_results(Container(Engine(call), "id"), SUBJECT, "/p/")
    }
    assert {name: result.status for name, result in found.items()} == {
        "command git --version": "passed",
        "command git 'a b'": "failed",
        "http lab": "passed",
        "file /init": "passed",
        "file ~/x": "failed",
        "import scipy": "passed",
        "import broken": "failed",
        "import crash": "failed",
        "version python": "passed",
        "packages": "failed",
    }
    assert "Segmentation fault" in found["import crash"].detail
    assert found["packages"].detail == "scipy 1.17.0, not 1.17.1"
    request = json.loads(call.calls[0][-1])
    assert request[1] == ["run", {"words": ["git", "a b"], "seconds": 60.0}]


def test_programs_prove_what_is_stated_of_package_managers() -> None:
    said = {"conda": "conda 25.11.1\n", "mamba": "2.3.3\n", "micromamba": "2.3.3\n", "npm": "10.9.2\n"}
    stated = {"conda": "25", "mamba": "2.3", "micromamba": "1", "npm": "10.9"}
    answers = [
        *({"code": 0, "out": out, "seconds": 0.1} for out in said.values()),
        {"missing": []},
    ]
    call = Recorder(exec=CommandResult(0, json.dumps(answers)))
    subject = Subject("lab:default", "registry/lab", "other", provides=stated)
    found = {one.name: one for one in image_test_results(Container(Engine(call), "id"), subject, "/")}
    assert {name: one.status for name, one in found.items()} == {
        "version conda": "passed",
        "version mamba": "passed",
        "version micromamba": "failed",
        "version npm": "passed",
    }
    assert found["version micromamba"].detail == "2.3.3, not 1"
    request = json.loads(call.calls[0][-1])
    assert [question[1]["words"] for question in request[:4]] == [[name, "--version"] for name in said]


def test_output_and_pages_must_contain_what_is_expected() -> None:
    answers = [
        {"code": 0, "out": "something else", "seconds": 0.1},
        page(200, "an error page"),
        {"missing": []},
    ]
    tests = Subject("a:b", "c", "jupyter", tests={"commands": {"x": "wanted"}, "http": {"lab": "wanted"}})
    call = Recorder(exec=CommandResult(0, json.dumps(answers)))
    found = list(image_test_results(Container(Engine(call), "id"), tests, "/p/"))
    assert [result.status for result in found] == ["failed", "failed"]
    assert "something else" in found[0].detail
    assert "an error page" in found[1].detail


def test_the_script_answers_for_real() -> None:
    request = {
        "versions": ["python", "pytest", "not-there"],
        "imports": ["json", "no_such_module", "antigravity_"],
    }
    command = [sys.executable, "-c", source("python_probe"), json.dumps(request)]
    told = read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told["version", "python"][0].startswith("3.")
    assert told["version", "pytest"][0] == pytest.__version__
    assert told["version", "not-there"][0] == ""
    assert told["import", "json"][0] == ""
    assert "ModuleNotFoundError" in told["import", "no_such_module"][0]


def test_a_package_that_is_missing() -> None:
    result = packages({"scipy": "1.17.1", "six": "1.17.0"}, {("version", "six"): ("1.17.0", 0.0)})
    assert (result.status, result.detail) == ("failed", "scipy is not installed, not 1.17.1")
