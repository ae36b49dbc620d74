"""Checks what the workflow needs from the matrix: what its jobs install, and where they push.

Only ``render`` and ``check`` ask for it: an image can be listed, planned and built without GitHub.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnose, did_you_mean
from image_matrix.pinned.actions import CHECKSUMS, checksum_field, pinned_names
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix
    from image_matrix.config.workflow import Pin, Workflow
    from image_matrix.diagnostics import Diagnostic, Finding

GITHUBS_LABEL = re.compile(r"ubuntu-(latest|slim|2[2-6]\.04)(-arm)?")
"""Labels of GitHub's own runners; docs.github.com/actions/reference/runners/github-hosted-runners."""
LOCKED = "locked"
"""The extra of pyproject.toml with the versions that were tested."""
TELEMETRY = "telemetry"
"""The extra with what sends spans."""
_EXTRAS = re.compile(r"(?P<what>[^\[ ]+)(?:\[(?P<extras>[a-z,]+)\])?(?P<where>.*)")
_WHEEL = re.compile(r"[\w.]+-[\w.!+]+(-\d[\w.]*)?(-[\w.]+){3}\.whl", re.ASCII)
"""packaging.python.org/specifications/binary-distribution-format, "File name convention"."""
_RESERVED = re.compile(r"(.*\.)?example(\.(com|net|org))?")
"""Hosts that are examples everywhere; RFC 2606, RFC 6761."""
_EXAMPLE = "example"
"""The owner in this documentation's examples."""


def diagnostics(loaded: Loaded) -> list[Diagnostic]:
    """Return what is wrong with the settings of a workflow, warnings too; nothing where none is rendered."""
    findings = workflow_settings(loaded.matrix) if loaded.matrix.workflow.rendered else ()
    return diagnose(findings, loaded.documents)


def workflow_settings(matrix: Matrix) -> Iterator[Finding]:
    """A generator that is not named, or not by what cannot change; a registry out of the documentation."""
    workflow = matrix.workflow
    if workflow.generator is None:
        yield rules.NO_GENERATOR.at(("workflow", "generator"), "key")
    else:
        yield from _of_generator(workflow, workflow.generator)
    for name, pin in workflow.pins.items():
        yield from _of_pin(name, pin)
    if _is_example(matrix.registry):
        yield rules.EXAMPLE_REGISTRY.at(("registry",), registry=matrix.registry)


def _is_example(registry: str) -> bool:
    """Say whether a registry path is one out of this documentation; a registry on this machine may be called so."""
    host, _, path = registry.partition("/")
    reserved = _RESERVED.fullmatch(host.partition(":")[0])
    return reserved is not None or ("." in host and path.partition("/")[0] == _EXAMPLE)


def _of_pin(name: str, pin: Pin) -> Iterator[Finding]:
    """Report a pin that replaces nothing, or that names another checksum than what it replaces."""
    path = ("workflow", "pins", name)
    known = pinned_names()
    if name not in known:
        problem = f"the workflow uses nothing that is called `{name}`"
        yield rules.BAD_PIN.at(path, "key", problem=problem, advice=did_you_mean(name, known))
        return
    checksum = checksum_field(name)
    for field in CHECKSUMS:
        if field != checksum and field in pin:
            problem = f"`{name}` is not pinned by `{field}`"
            advice = f"write `{checksum}` in place of it" if checksum else f"remove `{field}`"
            yield rules.BAD_PIN.at((*path, field), "key", problem=problem, advice=advice)
    if checksum and not any(field in pin for field in CHECKSUMS):
        problem, advice = f"`{name}` has no `{checksum}`", f"add `{checksum}: …`: a version alone can move"
        yield rules.BAD_PIN.at(path, "key", problem=problem, advice=advice)


def _of_generator(workflow: Workflow, generator: str) -> Iterator[Finding]:
    better = _with_extra(generator, LOCKED)
    if better != generator:
        yield rules.UNLOCKED_GENERATOR.at(("workflow", "generator"), generator=generator, better=better)
    if workflow.telemetry and (better := _with_extra(generator, TELEMETRY)) != generator:
        yield rules.NO_TELEMETRY.at(("workflow", "generator"), generator=generator, better=better)
    yield from _of_wheel(generator.partition("[")[0].rpartition("/")[2])
    if "==" in generator and _on_githubs_runners(workflow):
        yield rules.UNPUBLISHED_GENERATOR.at(("workflow", "generator"), generator=generator)


def _of_wheel(name: str) -> Iterator[Finding]:
    """Report a file that is called a wheel and cannot be installed: pip and uv read what is in it from its name."""
    if name.endswith(".whl") and not _WHEEL.fullmatch(name):
        problem = f"`{name}` is not the name of a wheel, which says its version, Python and platform"
        advice = (
            "give the file the name that it was built with, such as `image_matrix-0.1.0-py3-none-any.whl`"
        )
        yield bad_value(("workflow", "generator"), problem, advice)


def _with_extra(generator: str, extra: str) -> str:
    """Return the requirement with an extra."""
    match = _EXTRAS.fullmatch(generator)
    assert match is not None  # noqa: S101 - every text without a line break matches
    extras = match["extras"].split(",") if match["extras"] else []
    named = ",".join([*extras, *(() if extra in extras else (extra,))])
    return f"{match['what']}[{named}]{match['where']}"


def _on_githubs_runners(workflow: Workflow) -> bool:
    """Say whether the jobs that plan, scan and release run on GitHub's own runners, which ask PyPI."""
    labels = next((labels for labels in workflow.runners.values() if labels), ())
    return any(GITHUBS_LABEL.fullmatch(label) for label in labels)
