from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from image_matrix.verify.model import Report, Result, Status
from image_matrix.verify.report import as_json, junit, table

GOOD = Result("user", "passed", 0.01, "jovyan")
BAD = Result("http", "failed", 60.2, "/p/ answers 404", "line one\n\x1b[31mline <two>\x1b[0m\x00\ufffe")
LEFT = Result("device", "skipped", 0.0, "the engine has no runtime `nvidia`")
REPORT = Report("lab:python3.13", "registry/lab:python3.13", 61.0, (GOOD, BAD, LEFT))


def test_a_table_names_what_failed_with_its_log() -> None:
    text = table(REPORT, lambda text, _: text)
    assert "lab:python3.13  registry/lab:python3.13" in text
    assert "  ok              user                      jovyan" in text
    assert "  FAILED   60.2s  http                      /p/ answers 404" in text
    assert "      | line one\n      | line <two>" in text
    assert "1 passed, 1 failed, 1 skipped in 61.0 s" in text


SHORT = "command pip --version"
LONG = "command /opt/code-server/bin/code-server --extensions-dir /opt/code-server/extensions"
REASON = " ".join(["no answer on /notebook/team/name/lab/tree/some-notebook.ipynb within 60 s"] * 3)


def lines(*results: Result) -> list[str]:
    return table(Report("a:b", "c", 1.0, results), lambda text, _: text).splitlines()[1:-1]


@pytest.mark.parametrize("name", ["user", SHORT, LONG])
@pytest.mark.parametrize(
    "seen", ["", "pip 26.3", "pip 26.3 from /opt/venv/lib/python3.13/site-packages/pip (py"]
)
def test_what_passed_is_one_line_of_at_most_80_columns(name: str, seen: str) -> None:
    (line,) = lines(Result(name, "passed", 1.0, seen))
    assert len(line) <= 80
    assert name[:60] in line
    assert line.endswith("…") or line.rstrip().endswith(seen or name)


def test_a_table_says_what_the_contract_leaves_out() -> None:
    report = Report("a:b", "c", 1.0, (GOOD,), "none", ("http", "any-uid"))
    assert "  contract none, which does not promise http, any-uid\n" in table(report, lambda text, _: text)


def test_checks_that_one_container_failed_show_its_log_once() -> None:
    other = replace(BAD, name="cors")
    text = table(Report("a:b", "c", 1.0, (GOOD, BAD, other)), lambda text, _: text)
    assert text.count("| line one") == 1
    assert text.count("/p/ answers 404") == 1
    assert re.search(r"FAILED +60\.2s  cors +as http\n", text)


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_reason_is_folded_and_never_cut(status: Status) -> None:
    found = lines(Result("http", status, 60.2, REASON))
    assert max(map(len, found)) <= 80
    assert " ".join(line.strip() for line in found[1:]) == REASON


def test_a_path_in_a_reason_stays_whole() -> None:
    assert lines(Result("culling", "failed", 0.0, "y" * 90))[1] == f"      {'y' * 90}"


def test_a_long_reference_has_a_line_of_its_own() -> None:
    reference = f"registry.example/notebooks/lab@sha256:{'1f' * 32}"
    text = table(Report("lab:python3.13", reference, 1.0, (GOOD,)), lambda text, _: text)
    assert text.startswith(f"lab:python3.13\n  {reference}\n")


def test_json_is_whole() -> None:
    (entry,) = json.loads(as_json([REPORT]))
    assert entry["passed"] is False
    assert [*entry] == ["id", "image", "seconds", "passed", "contract", "left_out", "results"]
    assert entry["results"][1] == {
        "name": "http", "status": "failed", "seconds": 60.2, "detail": "/p/ answers 404", "log": BAD.log,
    }  # fmt: skip


def test_junit_can_be_read_whatever_a_log_says() -> None:
    root = ElementTree.fromstring(junit([REPORT]))  # noqa: S314 - our own
    (suite,) = root
    assert suite.attrib["failures"] == "1"
    assert suite.attrib["skipped"] == "1"
    assert suite.attrib["tests"] == "3"
    failure = suite.find("testcase[@name='http']/failure")
    assert failure is not None
    assert failure.attrib["message"] == "/p/ answers 404"
    assert failure.text == "line one\nline <two>  "
    assert suite.find("testcase[@name='device']/skipped") is not None


def test_a_skipped_check_is_no_failure() -> None:
    assert Report("a:b", "c", 1.0, (GOOD, LEFT)).passed
    assert not REPORT.passed
