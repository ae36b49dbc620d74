"""What is wrong with the meaning of a matrix beyond its shape, without what only follows from the wrong shape.

A name is unknown where its section could not be read, an image has no parent where that line is wrong: to say so would
send the user after a mistake that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.model import MANAGERS
from image_matrix.config.partial_matrix import remainder
from image_matrix.config.read import read_matrix
from image_matrix.config.variants import expand
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate import SECTIONS, check_meaning
from image_matrix.validate.downloads import MICROMAMBA

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from image_matrix.config.document import Documents
    from image_matrix.config.model import Matrix
    from image_matrix.config.partial_matrix import Remainder
    from image_matrix.diagnostics import Finding, Path

_CONTENTS = {*MANAGERS, "env", "labels", "tests", "description", "pip_index"}
"""Fields of an image on which its variants do not depend."""
_SECTIONS = {
    **{what: (section,) for what, section in SECTIONS.items()},
    "image": ("images",),
    "size": ("resources",),
    "profile": ("profiles",),
    "choice": ("profiles", "resources", "images", "axes"),
}
"""What a name is a name of, to where it is declared."""
_OPTIONAL = {
    *(section for sections in _SECTIONS.values() for section in sections),
    *("platforms", "build", "site"),
}
_OF_KEYS = (rules.BAD_NAME, rules.BAD_SLUG, rules.SAME_SLUG)
"""About a name alone, whatever stands below it."""
_OF_SIBLINGS = (rules.BAD_TOLERATION,)
"""About a field beside others."""
_OF_VARIANTS = (
    rules.AXIS_NOT_HERE,
    rules.UNKNOWN_AXIS_VALUE,
    rules.NO_PARENT_VARIANT,
    rules.EMPTY_VARIANTS,
)
_OF_WHAT_IS_ABSENT = (rules.NO_INSTALLER, rules.PROVIDER_NEEDS, rules.NO_HUB_PACKAGE)
_RELIES: dict[str, tuple[str, ...]] = {
    **{rule.code: ("axes",) for rule in _OF_VARIANTS},
    rules.PLATFORM_NOT_IN_PARENT.code: ("platforms", "accelerators"),
    rules.NO_PLATFORM.code: ("platforms", "accelerators"),
    rules.NO_INSTALLER.code: ("bundles", "downloads"),
    rules.PROVIDER_NEEDS.code: ("axes", "bundles", "downloads"),
    rules.UNKNOWN_PLACEHOLDER.code: ("accelerators",),
    rules.NO_HUB_PACKAGE.code: ("bundles",),
    rules.HUB_VERSION.code: ("site", "bundles"),
    rules.NEEDS_CHART.code: ("site",),
    rules.DEVICE_MISMATCH.code: ("profiles", "resources", "accelerators"),
    rules.NOT_FOR_NODES.code: ("site", "platforms", "accelerators"),
}
"""Sections that a rule compares with, wherever it is broken."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is not known of a matrix."""

    faults: Collection[Path]
    """Where something is wrong already."""
    gaps: Collection[Path]
    """Where it is not known what the user means."""
    images: Collection[str]
    """Images of which something is not known, or of one that they are built on."""
    variants: Collection[str]
    """Those of them whose variants are not known."""


def findings_despite(
    documents: Documents, wrong: Sequence[Finding], templates: Collection[str], serving: Collection[str]
) -> list[Finding]:
    """Return the errors in a matrix beyond ``wrong``, the findings about its shape."""
    found = remainder(documents, wrong)
    if found is None:
        return []
    matrix = read_matrix(found.value)
    doubt = _doubt(matrix, found, wrong)
    variants = {key: item for key, item in expand(matrix).items() if item.image not in doubt.variants}
    return [
        finding
        for finding in (
            _in_place(item, found) for item in check_meaning(matrix, variants, templates, serving)
        )
        if finding.rule.severity == "error" and not _follows(finding, doubt)
    ]


def _in_place(finding: Finding, found: Remainder) -> Finding:
    related = tuple((found.written(path), note) for path, note in finding.related)
    return replace(finding, path=found.written(finding.path), related=related)


def _doubt(matrix: Matrix, found: Remainder, wrong: Iterable[Finding]) -> Doubt:
    gaps = found.gaps
    of_images = [path for path in gaps if path[0] == "images" and len(path) > 1]
    structure = {str(path[1]) for path in of_images if len(path) == 2 or path[2] not in _CONTENTS}
    if any(finding.rule is rules.UNKNOWN_KEY and len(finding.path) == 1 for finding in wrong):
        # it is one of the sections that are not there
        gaps |= {(section,) for section in _OPTIONAL - found.value.keys()}
    return Doubt(
        faults={*gaps, *found.left},
        gaps=gaps,
        images=_with_children(matrix, {str(path[1]) for path in of_images}),
        variants=_with_children(matrix, structure),
    )


def _with_children(matrix: Matrix, names: Iterable[str]) -> set[str]:
    found = set(names)
    while more := {name for name, image in matrix.images.items() if image.parent in found} - found:
        found |= more
    return found


def _follows(finding: Finding, doubt: Doubt) -> bool:
    """Say whether a finding may be there only because something is not known."""
    return (
        _at_a_fault(finding, doubt)
        or _names_something_lost(finding, doubt)
        or _of_an_image_in_doubt(finding, doubt)
        or any(path[0] in _relies_on(finding) for path in doubt.gaps)
    )


def _at_a_fault(finding: Finding, doubt: Doubt) -> bool:
    """Say whether something is wrong at the same place, above it, or, where that matters, below it."""
    path = finding.path
    if any(path[: len(fault)] == fault for fault in doubt.faults):
        return True
    if finding.rule in _OF_KEYS:
        return False
    if finding.rule in _OF_SIBLINGS:
        return any(gap[: len(path) - 1] == path[:-1] for gap in doubt.gaps)
    if path[0] == "images" and len(path) == 2:
        return path[1] in doubt.variants
    return any(gap[: len(path)] == path for gap in doubt.gaps)


def _names_something_lost(finding: Finding, doubt: Doubt) -> bool:
    what = "image" if finding.rule is rules.UNKNOWN_PARENT else str(finding.fields.get("what"))
    name = finding.fields.get("name")
    if finding.rule not in (rules.UNKNOWN_PARENT, rules.UNKNOWN_REFERENCE):
        return False
    return any(
        gap[0] in _SECTIONS[what] and (len(gap) == 1 or gap[1] == name or what == "choice")
        for gap in doubt.gaps
    )


def _of_an_image_in_doubt(finding: Finding, doubt: Doubt) -> bool:
    name = finding.fields.get("image", finding.path[1] if finding.path[0] == "images" else None)
    if finding.rule in _OF_VARIANTS:
        return name in doubt.variants
    return finding.rule in _OF_WHAT_IS_ABSENT and name in doubt.images


def _relies_on(finding: Finding) -> tuple[str, ...]:
    if finding.path[:2] == ("downloads", MICROMAMBA):
        return ("images", "bundles")  # what becomes of it depends on who uses conda
    if finding.rule is rules.BAD_VALUE:
        # where pull requests push to is compared with the registry, devices with their accelerator
        return {"registry": ("build",), "build": ("registry",), "resources": ("accelerators",)}.get(
            str(finding.path[0]), ()
        )
    return _RELIES.get(finding.rule.code, ())
