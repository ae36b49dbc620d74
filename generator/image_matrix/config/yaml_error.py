"""What the YAML parser says about a text that is no YAML, without the parser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Complaint:
    """The parser's own words, with its two marks as (line, column) from 0."""

    words: str
    context: str
    mark: tuple[int, int]
    opened: tuple[int, int] | None

    @property
    def unclosed(self) -> bool:
        """Say whether the parser was inside a bracket or a quote, which ``opened`` then is."""
        return self.opened is not None and self.context.startswith(
            ("while parsing a flow", "while scanning a quoted")
        )


def complaint_of(error: Any, text: str) -> Complaint:  # noqa: ANN401 - two unrelated classes of PyYAML
    """Return what libyaml raised about ``text``."""
    mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    words = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "not valid YAML")
    place = (mark.line, mark.column) if mark else _offset(text, getattr(error, "character", None))
    return Complaint(
        words,
        getattr(error, "context", None) or "",
        place,
        (opened.line, opened.column) if opened else None,
    )


def _offset(text: str, character: object) -> tuple[int, int]:
    """Find a character that YAML does not allow; libyaml counts its position in bytes of another encoding."""
    before = text.partition(chr(character))[0] if isinstance(character, int) else ""
    return before.count("\n"), len(before) - before.rfind("\n") - 1
