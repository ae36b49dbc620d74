"""Explains requirements that cannot be satisfied, even without the ancestors' packages, from uv's output."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.package_names import package_name
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import python_of
from image_matrix.lock.lines import requirement_lines
from image_matrix.lock.logins import NOT_FOUND
from image_matrix.lock.requirements import INDEX_MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.diagnostics import Finding

MOST_SHOWN = 3
CHECK_NAME = "check the name; a package that the default index does not have needs `pip: {extra_index_urls: [ADDRESS]}`"
"""What to do where no index has a package."""
_MARKER = re.compile(r"\{[^{}]*\}")
_ONE_FACT = re.compile(
    r"Because (?P<fact>(?:(?! we can conclude ).)+) and you require [^,]+, "
    r"we can conclude that your requirements are unsatisfiable\.(?P<hint>.*)"
)


def unsolvable(loaded: Loaded, variant: Variant, explanation: str) -> Finding:
    """Return the diagnostic of a variant whose requirements cannot be had together; :func:`once` gives it its words."""
    words = {word.partition("==")[0].strip(",.") for word in explanation.lower().split()}
    named = [path for item, path in requirement_lines(loaded, variant) if package_name("pip", item) in words]
    finding = rules.PIP_UNSOLVABLE.at(
        named[0] if named else ("images", variant.image),
        images=(variant.image,),
        pythons=(python_of(loaded.matrix, variant),),
        problem=plainly(explanation.replace(INDEX_MARK, " ")),
    )
    return finding.beside(*((path, "and this") for path in named[1:MOST_SHOWN]))


def plainly(explanation: str) -> str:
    """Return uv's explanation without what a reader knows: markers of the one Python, what follows from one fact."""
    text = _MARKER.sub("", explanation)
    alone = _ONE_FACT.fullmatch(text)
    return f"{alone['fact']}{alone['hint'].replace(' hint: ', '; ').rstrip('.')}" if alone else text


def once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Say the same of several images or Pythons once, as with a bundle of five images."""
    alike: dict[object, list[Finding]] = {}
    for finding in findings:
        key = (finding.path, finding.fields.get("problem"), finding.related)
        alike.setdefault(key if finding.rule is rules.PIP_UNSOLVABLE else id(finding), []).append(finding)
    for group in alike.values():
        yield _together(group) if group[0].rule is rules.PIP_UNSOLVABLE else group[0]


def _together(group: list[Finding]) -> Finding:
    images, pythons = (
        list(dict.fromkeys(value for finding in group for value in finding.fields[name]))  # type: ignore[attr-defined]
        for name in ("images", "pythons")
    )
    problem = str(group[0].fields["problem"])
    advice = CHECK_NAME
    if NOT_FOUND not in problem:
        where = f"Python {', '.join(sorted(pythons))}"
        advice = f"change the version, or leave it out for this Python or architecture ({where})"
    fields = {"images": ", ".join(f"`{name}`" for name in images), "problem": problem, "advice": advice}
    return replace(group[0], fields=fields)
