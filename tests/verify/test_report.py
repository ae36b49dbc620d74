from __future__ import annotations

import json
from xml.etree import ElementTree

from generator.verify.model import Report, Result
from generator.verify.report import as_json, junit, table

GOOD = Result("user", "passed", 0.01, "jovyan")
BAD = Result("http", "failed", 60.2, "/p/ answers 404", "line one\n\x1b[31mline <two>\x1b[0m")
LEFT = Result("device", "skipped", 0.0, "the engine has no runtime `nvidia`")
REPORT = Report("lab:python3.13", "registry/lab:python3.13", 61.0, (GOOD, BAD, LEFT))


def test_a_table_names_what_failed_with_its_log() -> None:
    text = table(REPORT, lambda text, _: text)
    assert "lab:python3.13  registry/lab:python3.13" in text
    assert "  ok      user           jovyan" in text
    assert "  FAILED  http    60.2s  /p/ answers 404" in text
    assert "      | line one" in text
    assert "1 passed, 1 failed, 1 skipped in 61.0 s" in text


def test_json_is_whole() -> None:
    (entry,) = json.loads(as_json([REPORT]))
    assert entry["passed"] is False
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
    assert "line <two>" in (failure.text or "")
    assert suite.find("testcase[@name='device']/skipped") is not None


def test_a_skipped_check_is_no_failure() -> None:
    assert Report("a:b", "c", 1.0, (GOOD, LEFT)).passed
    assert not REPORT.passed
