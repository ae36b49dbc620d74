"""Versions of Python packages and what may be asked of them: PEP 440, as uv reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Source: packaging.python.org/en/latest/specifications/version-specifiers, appendix
_RELEASE = r"v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*"
_BEFORE = r"(?:[-_.]?(?:alpha|a|beta|b|preview|pre|c|rc)[-_.]?[0-9]*)?"
_AFTER = r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?(?:[-_.]?dev[-_.]?[0-9]*)?"
_LOCAL = r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?"
_VERSION = _RELEASE + _BEFORE + _AFTER + _LOCAL
_SERIES = rf"{_RELEASE}\.\*"
_USUAL = r"[0-9]+(?:\.[0-9]+)*"
"""What most versions are; the pattern of all of them takes a millisecond to compile."""
EXACT = ("==", "!=")


def is_version(text: str) -> bool:
    """Say whether a text is a version: ``1.17.1``, ``2.0rc1``, ``2.12.0+cpu``."""
    return bool(re.fullmatch(_USUAL, text) or re.fullmatch(_VERSION, text, re.IGNORECASE))


def is_series(text: str) -> bool:
    """Say whether a text is every version with the same start: ``1.17.*``."""
    return text.endswith(".*") and re.fullmatch(_SERIES, text, re.IGNORECASE) is not None


def mistake(operator: str, version: str) -> str | None:
    """Return what is wrong with a version behind an operator, and what to write; ``None`` where nothing is."""
    if is_series(version):
        return None if operator in EXACT else _no_series(operator, version)
    if not is_version(version):
        return f"`{version}` is no version; {_instead(operator, version)}"
    public, _, local = version.partition("+")
    if local and operator not in EXACT:
        return f"`+{local}` cannot be compared with `{operator}`; write `{operator}{public}`"
    series = re.match(r"(v?(?:[0-9]+!)?[0-9]+)(?!\.?[0-9])", public)
    if operator == "~=" and series:
        better = f"{series[1]}.0{public[series.end() :]}"
        return f"`~=` wants two numbers; write `~={better}`, which takes every {series[1]}.*"
    return None


def _no_series(operator: str, version: str) -> str:
    return f"`{operator}` cannot be followed by `.*`; write `{_for_a_series(operator, version)}`"


def _for_a_series(operator: str, version: str) -> str:
    if operator in EXACT:
        return f"{operator}{version}"
    return f"=={version}" if operator == "~=" else f"{operator}{version.removesuffix('.*')}"


def _instead(operator: str, version: str) -> str:
    series = re.sub(r"(\.[xX*])+$", ".*", version)
    if is_series(series):
        return f"write `{_for_a_series(operator, series)}`"
    return f"write one such as `{operator}1.17.1`, or the name alone for the newest"


@dataclass(frozen=True, slots=True)
class Pin:
    """The one version that is wanted, or all that start with it."""

    text: str
    series: bool = False

    @property
    def public(self) -> str:
        """Its text without what a builder adds (``+cu130``)."""
        return self.text.partition("+")[0].removesuffix(".*")

    @property
    def local(self) -> str:
        """What a builder adds, as it is compared."""
        return re.sub(r"[-_]", ".", self.text.partition("+")[2].lower())

    @property
    def release(self) -> tuple[int, ...]:
        """Epoch and numbers: 0, 1, 17, 1."""
        epoch, _, rest = self.public.lstrip("vV").rpartition("!")
        numbers = re.split(r"[^0-9.]", rest, maxsplit=1)[0].split(".")
        return (int(epoch or 0), *(int(number) for number in numbers if number))

    @property
    def final(self) -> bool:
        """Whether it is neither a pre-release nor a later build of a release."""
        return re.fullmatch(r"[vV]?([0-9]+!)?[0-9.]+", self.public) is not None


def exclude(one: Pin, other: Pin) -> bool:
    """Say whether no version can be both; in doubt they do not exclude each other."""
    if one.series or other.series:
        shown = min(len(pin.release) for pin in (one, other) if pin.series)
        return _padded(one, shown)[:shown] != _padded(other, shown)[:shown]
    longest = max(len(one.release), len(other.release))
    if _padded(one, longest) != _padded(other, longest) or one.final != other.final:
        return True
    return bool(one.local and other.local) and one.local != other.local


def _padded(pin: Pin, length: int) -> tuple[int, ...]:
    """Return the numbers of a version with the zeros that are not written: 1.0 is 1.0.0."""
    missing = 0 if pin.series else length - len(pin.release)
    return (*pin.release, *(0,) * missing)
