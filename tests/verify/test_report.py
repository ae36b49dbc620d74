from __future__ import annotations

import json
from xml.etree import ElementTree

from generator.verify.model import Report, Result
from generator.verify.report import as_json, junit, table

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


def test_a_table_stays_narrow_and_cuts_no_reason() -> None:
    long = "command /opt/code-server/bin/code-server --extensions-dir /opt/code-server/extensions"
    results = (GOOD, Result(long, "passed", 1.0, "x" * 90), Result("culling", "failed", 0.0, "y" * 90))
    good, command, failed = table(Report("a:b", "c", 1.0, results), lambda text, _: text).splitlines()[1:4]
    assert len(good) < 80
    assert command.endswith(f"{long}  {'x' * 59}…")
    assert failed.endswith("y" * 90)


def test_json_is_whole() -> None:
    (entry,) = json.loads(as_json([REPORT]))
    assert entry["passed"] is False
    assert [*entry] == ["id", "image", "seconds", "passed", "results"]
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
