"""Reports as a table, JSON and JUnit XML."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from generator.verify.model import Report, Result

    Paint = Callable[[str, str], str]

_MARKS = {"passed": ("ok", "good"), "failed": ("FAILED", "error"), "skipped": ("skipped", "warning")}
_JUNIT_TEXT = {code: " " for code in range(32) if chr(code) not in "\t\n\r"}
"""Characters that XML 1.0 cannot hold; logs have them for colours."""


def table(report: Report, paint: Paint) -> str:
    """Return one image's checks for a terminal; a failed one is followed by the end of the container's log."""
    width = max(len(result.name) for result in report.results)
    lines = [paint(f"{report.id}  {report.image}", "bold")]
    for result in report.results:
        lines.append(_line(result, width, paint))
        lines += [f"      | {line}" for line in result.log.splitlines()]
    counts = {status: sum(result.status == status for result in report.results) for status in _MARKS}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return "\n".join([*lines, f"  {said} in {report.seconds:.1f} s", ""])


def _line(result: Result, width: int, paint: Paint) -> str:
    mark, role = _MARKS[result.status]
    seconds = f"{result.seconds:5.1f}s" if result.seconds >= 0.05 else " " * 6
    return f"  {paint(mark.ljust(7), role)} {result.name.ljust(width)} {seconds}  {result.detail}".rstrip()


def as_json(reports: Sequence[Report]) -> str:
    """Return the stable form: a list of images with ``id``, ``image``, ``seconds``, ``passed`` and ``results``."""
    listed = [
        {**asdict(report), "passed": report.passed, "seconds": round(report.seconds, 3)} for report in reports
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False) + "\n"


def junit(reports: Sequence[Report]) -> str:
    """Return JUnit XML as CI systems read it: a suite for each image, a case for each check."""
    from xml.etree import ElementTree

    root = ElementTree.Element("testsuites", name="image-matrix verify")
    for report in reports:
        counts = {status: sum(result.status == status for result in report.results) for status in _MARKS}
        suite = ElementTree.SubElement(
            root, "testsuite", name=report.id, tests=str(len(report.results)), failures=str(counts["failed"]),
            skipped=str(counts["skipped"]), errors="0", time=f"{report.seconds:.3f}",
        )  # fmt: skip
        for result in report.results:
            case = ElementTree.SubElement(
                suite, "testcase", name=_xml(result.name), classname=report.id, time=f"{result.seconds:.3f}"
            )
            if result.status == "failed":
                ElementTree.SubElement(case, "failure", message=_xml(result.detail)).text = _xml(result.log)
            elif result.status == "skipped":
                ElementTree.SubElement(case, "skipped", message=_xml(result.detail))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _xml(text: str) -> str:
    return text.translate(_JUNIT_TEXT)
