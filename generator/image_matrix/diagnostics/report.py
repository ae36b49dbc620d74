"""Formats diagnostics for a terminal, as data, and as GitHub annotations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from image_matrix.diagnostics.redact import conceal_in_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.diagnostics import Diagnostic, Place

Paint: TypeAlias = Callable[[str, str], str]
"""``paint(text, role)`` with roles error, warning, help, place, bold."""
Fold: TypeAlias = Callable[[str], str]
"""Breaks a line that is too wide, for a terminal."""


def plain(text: str, _role: str) -> str:
    """Paint nothing."""
    return text


def whole(text: str) -> str:
    """Break nothing."""
    return text


def terminal(diagnostics: Sequence[Diagnostic], paint: Paint = plain, fold: Fold = whole) -> str:
    """Return every diagnostic with its source line and a caret, then a line with their number.

    ``fold`` is for the sentences: a source line and its caret stay as they are.
    """
    blocks = [_block(item, paint, fold) for item in diagnostics]
    return "\n".join([*blocks, summary(diagnostics)]) + "\n" if blocks else ""


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return ``2 errors, 1 warning``."""
    counts = {name: sum(item.severity == name for item in diagnostics) for name in ("error", "warning")}
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)


def _block(item: Diagnostic, paint: Paint, fold: Fold) -> str:
    head = f"{paint(where(item.place), 'place')}: {paint(item.severity, item.severity)}"
    lines = [fold(f"{head}[{item.code}]: {paint(item.message, 'bold')}")]
    lines += _snippet(item.place, "^", paint)
    for place, note in item.related:
        lines += [fold(f"  {paint(where(place), 'place')}: {note}"), *_snippet(place, "-", paint)]
    if item.help:
        lines.append(fold(f"  {paint('help', 'help')}: {item.help}"))
    return "\n".join(lines) + "\n"


def where(place: Place) -> str:
    """Return ``file:line:column``, or only the file if the place has no line."""
    return f"{place.file}:{place.line}:{place.column}" if place.line else place.file


def _snippet(place: Place, mark: str, paint: Paint) -> list[str]:
    if not place.source.strip():
        return []
    line, column, width = conceal_in_line(place.source, place.column, place.width)
    shown = "".join(char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in line)
    source, column = _window(shown, column)
    number = str(place.line)
    width = max(1, min(width, _display_width(source) - column + 1))
    pad = _display_width(source[: column - 1])
    caret = " " * pad + paint(mark * width, "error" if mark == "^" else "help")
    return [f"  {number} | {source}", f"  {' ' * len(number)} | {caret}"]


def _window(source: str, column: int) -> tuple[str, int]:
    """Cut a long line around the column, so that the caret fits an 80-column terminal."""
    width = 72
    if len(source) <= width:
        return source, column
    start = max(0, min(column - 1 - width // 3, len(source) - width))
    cut = source[start : start + width]
    head, tail = "…" if start else "", "…" if start + width < len(source) else ""
    return head + cut[len(head) : len(cut) - len(tail)] + tail, column - start


def _display_width(text: str) -> int:
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def as_data(item: Diagnostic) -> dict[str, str | int | None]:
    """Return a diagnostic as plain data; line, column and width are ``None`` if it is about a whole file."""
    place, known = item.place, item.place.line > 0
    return {
        "code": item.code,
        "name": item.name,
        "severity": item.severity,
        "file": place.file,
        "line": place.line if known else None,
        "column": place.column if known else None,
        "width": place.width if known else None,
        "message": item.message,
        "help": item.help,
    }


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return workflow commands that annotate the lines of a pull request.

    Source of the escapes: actions/toolkit, ``packages/core/src/command.ts``.
    """
    return "".join(_annotation(item) for item in diagnostics)


def _annotation(item: Diagnostic) -> str:
    place = item.place
    known = place.line > 0
    properties = {
        "file": place.file,
        "line": place.line if known else None,
        "col": place.column if known else None,
        "endColumn": place.column + place.width if known else None,
        "title": f"{item.code} {item.name}",
    }
    message = f"{item.message}\nhelp: {item.help}" if item.help else item.message
    return command(item.severity, properties, message) + "\n"


def command(name: str, properties: Mapping[str, str | int | None], text: str) -> str:
    """Return a workflow command; properties without a value are left out."""
    pairs = ",".join(
        f"{key}={_escape_property(str(value))}" for key, value in properties.items() if value is not None
    )
    return f"::{name} {pairs}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
