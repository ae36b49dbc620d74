"""Repairs texts that are nearly valid: finds a valid text after one or two corrections."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u3000]")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_QUOTES = re.compile("[\u2018-\u201f\u00ab\u00bb]|^['\"]+|['\"]+$")
"""Quotes that word processors make of straight ones, and straight ones left over."""
_DASHES = re.compile("[\u2010-\u2015\u2212]")


def _same(text: str) -> str:
    return text


def _proxy(text: str) -> str:
    """Give the address of a proxy its scheme: programs mostly ask a proxy in plain HTTP."""
    return f"http://{text}" if re.match(r"(proxy|squid|webproxy)[\w.-]*:\d+/?$", text) else text


def _scheme(text: str) -> str:
    """Give an address its scheme, if it starts with a host."""
    return f"https://{text}" if re.match(r"[\w-]+(\.[\w-]+)+(:\d+)?(/|$)", text) else text


def _root(text: str) -> str:
    """Let a path start at the root."""
    return "/" + text.removeprefix("./") if re.match(r"(\./)?[\w-]+/", text) else text


_SLIPS: tuple[Callable[[str], str], ...] = (
    _same,
    str.strip,
    lambda text: _SPACES.sub(" ", text),
    lambda text: _INVISIBLE.sub("", text),
    lambda text: _QUOTES.sub("", text),
    lambda text: _DASHES.sub("-", text),
    lambda text: text.replace("${", "{"),
    lambda text: re.sub("=([<>])", r"\1=", text),
    lambda text: re.sub(r"\s*#.*$", "", text),
    lambda text: text.rstrip("/"),
    lambda text: text.rstrip(".,;:"),
    str.lower,
    str.upper,
    lambda text: re.sub(r"^https?://", "", text),
    _proxy,
    _scheme,
    lambda text: re.sub(r"^v(?=\d)", "", text),
    lambda text: re.sub(r"(?<=[KMGTkmgt])[iI]?[bB]?$", "", text),
    lambda text: re.sub(r"(?<=\d[KMGT])$", "i", text),
    lambda text: re.sub(r"(?<=\d)\s+(?=[KMGTkmgt])", "", text),
    lambda text: re.sub(r"[\s_]+", "-", text.strip()),
    lambda text: re.sub(r"[\s-]+", "_", text.strip()),
    lambda text: re.sub(r"(?<!:)/{2,}", "/", text),
    _root,
)
"""What is put right, the least first."""


def repaired(text: str, fits: Callable[[str], bool]) -> str | None:
    """Return the nearest text that fits, with at most two slips taken out; ``None`` where there is none."""
    return next((better for better in _candidates(text) if better and better != text and fits(better)), None)


def _candidates(text: str) -> Iterator[str]:
    for first, second in sorted(
        product(range(len(_SLIPS)), repeat=2), key=lambda pair: (min(pair) > 0, pair)
    ):
        yield _SLIPS[second](_SLIPS[first](text))
