"""Writes reports as a table, JSON and JUnit XML."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from image_matrix.verify.model import Report, Result

    Paint = Callable[[str, str], str]

_MARKS = {"passed": ("ok", "good"), "failed": ("FAILED", "error"), "skipped": ("skipped", "warning")}
_NAME = 24
"""Columns for a check's name; a longer name shifts the rest of its line."""
_WIDTH = 80
"""Columns of a line. The detail of a passed check is truncated, the reason of a failed one is wrapped."""
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""Colours and cursor movements in a container's log (ECMA-48, control sequences)."""
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot contain (w3.org/TR/xml/#charsets) and a terminal should not get."""


def table(report: Report, paint: Paint) -> str:
    """Return the checks of one image for a terminal; the end of the container's log follows a failed one."""
    joined = "  " if len(f"{report.id}  {report.image}") <= _WIDTH else "\n  "
    lines = [paint(f"{report.id}{joined}{report.image}", "bold")]
    for result, previous in zip(report.results, (None, *report.results), strict=False):
        lines += _lines(_once(result, report.results), paint)
        if previous is None or result.log != previous.log:  # checks that wait for one container have one log
            lines += [f"      | {line}" for line in _plain(result.log).splitlines()]
    lines += _left_out(report)
    counts = {status: sum(result.status == status for result in report.results) for status in _MARKS}
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return "\n".join([*lines, f"  {summary} in {report.seconds:.1f} s", ""])


def _left_out(report: Report) -> list[str]:
    """Return lines with the checks that the contract of an image does not promise."""
    import textwrap

    if not report.left_out:
        return []
    text = f"contract {report.contract}, which does not promise {', '.join(report.left_out)}"
    return [f"  {line}" for line in textwrap.wrap(text, _WIDTH - 2, break_on_hyphens=False)]


def _once(result: Result, every: Sequence[Result]) -> Result:
    """Return a result for the table; a repeated reason is replaced by the name of the first check with it."""
    first = next(one for one in every if (one.status, one.detail) == (result.status, result.detail))
    again = result.status != "passed" and first.name != result.name
    return replace(result, detail=f"as {first.name}") if again else result


def _lines(result: Result, paint: Paint) -> list[str]:
    """Return the lines of a check; a reason that does not fit follows on its own lines."""
    import textwrap

    mark, role = _MARKS[result.status]
    seconds = f"{result.seconds:5.1f}s" if result.seconds >= 0.05 else " " * 6
    before = len(f"  {mark:7} ")
    start, seen = f"{seconds}  {result.name.ljust(_NAME)}", " ".join(_plain(result.detail).split())
    whole, below = f"{start}  {seen}".rstrip(), ""
    if before + len(whole) > _WIDTH and result.status == "passed":
        whole = f"{whole[: _WIDTH - before - 1]}…"
    elif before + len(whole) > _WIDTH:
        whole, below = start.rstrip(), seen
    folded = textwrap.wrap(below, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    return [f"  {paint(mark.ljust(7), role)} {whole}", *(f"      {line}" for line in folded)]


def as_json(reports: Sequence[Report]) -> str:
    """Return JSON in a stable format: a list of images.

    Each has ``id``, ``image``, ``seconds``, ``passed``, ``contract``, ``left_out`` and ``results``.
    """
    return json.dumps([_plain_data(report) for report in reports], indent=2, ensure_ascii=False) + "\n"


def _plain_data(report: Report) -> dict[str, object]:
    results = [{**asdict(result), "seconds": round(result.seconds, 3)} for result in report.results]
    return {
        "id": report.id,
        "image": report.image,
        "seconds": round(report.seconds, 3),
        "passed": report.passed,
        "contract": report.contract,
        "left_out": list(report.left_out),
        "results": results,
    }


def junit(reports: Sequence[Report]) -> str:
    """Return JUnit XML for CI systems: a suite for each image, a case for each check."""
    from xml.etree import ElementTree

    root = ElementTree.Element("testsuites", name="image-matrix verify")
    for report in reports:
        counts = {status: sum(result.status == status for result in report.results) for status in _MARKS}
        suite = ElementTree.SubElement(
            root, "testsuite", name=report.id, tests=str(len(report.results)), failures=str(counts["failed"]),
            skipped=str(counts["skipped"]), errors="0", time=f"{report.seconds:.3f}",
        )  # fmt: skip
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in (("contract", report.contract), ("left out", ", ".join(report.left_out))):
            ElementTree.SubElement(properties, "property", name=name, value=value)
        for result in report.results:
            case = ElementTree.SubElement(
                suite, "testcase", name=_plain(result.name), classname=report.id, time=f"{result.seconds:.3f}"
            )
            if result.status == "failed":
                ElementTree.SubElement(case, "failure", message=_plain(result.detail)).text = _plain(
                    result.log
                )
            elif result.status == "skipped":
                ElementTree.SubElement(case, "skipped", message=_plain(result.detail))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub(" ", _ESCAPES.sub("", text))
