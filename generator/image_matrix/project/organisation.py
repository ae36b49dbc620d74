"""Reads an organisation's policy, which runs get as text in a variable of the repository or the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.policy import FIELD, StatedPolicy, sections, stated
from image_matrix.diagnostics import MatrixError, Place, diagnose, diagnostic
from image_matrix.diagnostics import catalogue as rules
from image_matrix.project.cached import cached_section
from image_matrix.project.content_cache import NO_CACHE
from image_matrix.project.included_files import parsed
from image_matrix.text import type_name

if TYPE_CHECKING:
    from image_matrix.config.document import Document
    from image_matrix.diagnostics import Diagnostic

_ADVICE = "write the section `policy`, as in matrix.yaml, and nothing else"


def policy_of_text(text: str, name: str) -> tuple[StatedPolicy, ...]:
    """Return the policy that a text states; ``name`` is what errors call the text.

    Raises :class:`MatrixError` if it is anything but the section ``policy`` as YAML: a policy that cannot be read must
    not count as none.
    """
    document, faults = parsed(text, name)
    if faults or document is None:
        raise MatrixError(faults)
    faults = _foreign(document)
    section = sections([document])
    faults += [item for one in section for item in diagnose(cached_section(one, FIELD, NO_CACHE), one)]
    if faults:
        raise MatrixError(faults)
    return tuple(stated(one) for one in section)


def _foreign(document: Document) -> list[Diagnostic]:
    """Return what is wrong with the text as a whole."""
    start = Place(document.file, 1, 1)
    if not isinstance(document.value, dict):
        fields = {"where": document.file, "expected": "a mapping", "actual": type_name(document.value)}
        return [diagnostic(rules.WRONG_TYPE, start, advice=_ADVICE, **fields)]
    if FIELD not in document.value:
        return [diagnostic(rules.MISSING_FIELD, start, where=document.file, field=FIELD, advice=_ADVICE)]
    keys = {key: document.node((key,), "key") for key in document.value if key != FIELD}
    return [
        diagnostic(rules.UNKNOWN_KEY, document.place_of(node), key=key, where=document.file, advice=_ADVICE)
        for key, node in keys.items()
        if node is not None
    ]
