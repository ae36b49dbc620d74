"""Checks schedules of five cron fields as GitHub reads them; Kubernetes takes the same for CronJobs.

Source: github.com/actions/languageservices, ``workflow-parser``, ``isValidCron``; pkg.go.dev/github.com/robfig/cron/v3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath


@dataclass(frozen=True, slots=True)
class CronField:
    """What a field of a schedule may say."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    """In place of numbers, from ``least`` on, in any case."""

    def number(self, text: str) -> int | None:
        """Return the number that a text stands for; ``None`` if it is none of this field."""
        if text.upper() in self.names:
            return self.least + self.names.index(text.upper())
        return int(text) if text.isdecimal() and self.least <= int(text) <= self.most else None

    def accepts(self, part: str) -> bool:
        """Say whether a part between commas is valid."""
        match = re.fullmatch(
            r"(?:\*|(?P<first>\d{1,2}|[A-Za-z]+)(?:-(?P<last>\d{1,2}|[A-Za-z]+))?)(?:/(?P<step>\d{1,2}))?",
            part,
        )
        if not match:
            return False
        first, last = (self.number(match[one] or "") for one in ("first", "last"))
        starts = match["first"] is None or first is not None
        ends = match["last"] is None or (first is not None and last is not None and first <= last)
        step = match["step"] is None or max(1, self.least) <= int(match["step"]) <= self.most
        return starts and ends and step

    def meant(self, value: str) -> set[int]:
        """Return the numbers that a valid value of the field stands for."""
        return {number for part in value.split(",") for number in self._part(part)}

    def _part(self, part: str) -> range:
        numbers, _, step = part.partition("/")
        first, _, last = numbers.partition("-")
        least = self.least if first == "*" else self.number(first) or 0
        single = least if first != "*" and not step else self.most
        return range(least, (self.number(last) or 0 if last else single) + 1, int(step or 1))


LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in leap years."""
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIELDS = (
    CronField("minute", 0, 59),
    CronField("hour", 0, 23),
    CronField("day of a month", 1, 31),
    CronField("month", 1, 12, MONTHS),
    CronField("day of a week", 0, 6, DAYS),
)


def cron_faults(path: FieldPath, schedule: str) -> Iterator[Finding]:
    """Yield what is wrong with the five fields of a schedule."""
    values = schedule.split()
    is_wrong = False
    for value, field in zip(values, FIELDS, strict=True):
        wrong = [part for part in value.split(",") if not field.accepts(part)]
        if wrong:
            is_wrong = True
            yield bad_value(path, f"`{wrong[0]}` is not a valid {field.name}", _advice(field))
    if not is_wrong and _is_never(*values[2:]):
        problem = f"it never runs: no month `{values[3]}` has a day `{values[2]}`"
        yield bad_value(path, problem, "write a day that the month has, or another month")


def _is_never(days: str, months: str, weekdays: str) -> bool:
    """Say whether no day of any year is meant; a day of a week would be an alternative to that of a month."""
    longest = max(LONGEST[month - 1] for month in FIELDS[3].meant(months))
    return weekdays == "*" and min(FIELDS[2].meant(days)) > longest


def _advice(field: CronField) -> str:
    numbers = f"write numbers from {field.least} to {field.most}"
    names = f" or names from {field.names[0]} to {field.names[-1]}" if field.names else ""
    return f"{numbers}{names}, a range such as {field.least}-{field.most}, `*` or `*/2`"
