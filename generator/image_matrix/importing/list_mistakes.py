"""Says in the words of the matrix what is wrong with a value in a profile list, and what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.profiles.units import KUBESPAWNERS
from image_matrix.text import type_name
from image_matrix.validate.profiles_pods import cpu_findings, memory_findings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema import ValidationError

    from image_matrix.diagnostics import Finding

_NOUNS = {
    "array": "a list", "boolean": "true or false", "null": "nothing", "number": "a number", "object": "a mapping",
    "string": "text",
}  # fmt: skip
"""Types of a schema in words."""


def mistake(error: ValidationError) -> tuple[str, str]:
    """Return what is wrong, and what to do, for what the schema of the list says."""
    value, path = error.instance, tuple(error.absolute_path)
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in value)
        return f"it has no `{missing}`", f"add `{missing}` in the file"
    if str(path[-1]).startswith("mem_"):
        findings = memory_findings(path, value, KUBESPAWNERS)
        return f"`{value}` is not {KUBESPAWNERS.what}", _advice(findings)
    if str(path[-1]).startswith("cpu_"):
        return f"`{value}` is not a number of cores", _advice(cpu_findings(path, value))
    types = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
    expected = " or ".join(_NOUNS[one] for one in types if one != "null")
    return f"it is {type_name(value)}", f"write {expected} in the file"


def _advice(findings: Iterable[Finding]) -> str:
    return next((str(finding.fields["advice"]) for finding in findings), "write a number")
