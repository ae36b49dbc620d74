"""Says in the words of the matrix what is wrong with a value in a profile list, and what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.profiles import traits
from image_matrix.profiles.charts import OVERRIDE
from image_matrix.profiles.units import KUBESPAWNERS
from image_matrix.text import type_name
from image_matrix.validate.profiles_pods import cpu_findings, memory_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import ValidationError

    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

_NOUNS = {
    "array": "a list", "boolean": "true or false", "null": "nothing", "number": "a number", "object": "a mapping",
    "string": "text",
}  # fmt: skip
"""Types of a schema in words."""
_MEMORY = ("mem_limit", "mem_guarantee")


def mistake(error: ValidationError) -> tuple[str, str]:
    """Return what is wrong, and what to do, for what the schema of the list says."""
    value, path = error.instance, tuple(error.absolute_path)
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in value)
        return f"it has no `{missing}`", f"add `{missing}` in the file"
    if path[-2:-1] == (OVERRIDE,) and path[-1] in _MEMORY:
        findings = memory_findings(path, value, KUBESPAWNERS)
        return f"`{value}` is not {KUBESPAWNERS.what}", _advice(findings)
    if path[-2:-1] == (OVERRIDE,) and path[-1] in traits.NUMBERS:
        return f"`{value}` is not a number of cores", _advice(cpu_findings(path, value))
    expected = " or ".join(_NOUNS[one] for one in _types(error) if one != "null")
    return f"it is {type_name(value)}", f"write {expected} in the file"


def _types(error: ValidationError) -> list[str]:
    """Return the types that a value may have; of several schemas, those of each."""
    schemas = error.validator_value if error.validator == "anyOf" else [{"type": error.validator_value}]
    return [
        one
        for schema in schemas
        for one in ([schema["type"]] if isinstance(schema["type"], str) else schema["type"])
    ]


def _advice(findings: Iterable[Finding]) -> str:
    return next((str(finding.fields["advice"]) for finding in findings), "write a number")


def memory_mistake(entry: Mapping[str, Json]) -> tuple[Path, str, str] | None:
    """Return the first amount of memory of an entry that no pod can have: its path, what is wrong, what to do.

    Amounts become those of sizes, whose units are others. So they are checked before, in the units of the list.
    """
    for above, override in _overrides(entry):
        for name in _MEMORY:
            path, value = (*above, name), override.get(name)
            for finding in memory_findings(path, value, KUBESPAWNERS) if value is not None else ():
                problem = finding.fields.get("problem", f"`{value}` is not {KUBESPAWNERS.what}")
                return path, str(problem), str(finding.fields["advice"])
    return None


def _overrides(item: Mapping[str, Json], path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    """Yield the settings of an entry and of choices, each with its path; what users type in has `{value}` in them."""
    if override := item.get(OVERRIDE):
        yield (*path, OVERRIDE), override
    for name, option in (item.get("profile_options") or {}).items():
        inside: Path = (*path, "profile_options", name)
        for key, choice in option["choices"].items():
            yield from _overrides(choice, (*inside, "choices", key))
