"""Finds users and passwords in addresses, and removes them from output. A log on GitHub may be public."""

from __future__ import annotations

import re

SHOWN = "***"
"""What is printed instead of a user and password of any length."""
_USER = re.compile(
    r"(?<=://)[^\s/?#]*(?=@)"
    r"|(?<=://)[^\s/?#@:]+:(?!\d+(?:[/?#\s]|$))(?:\S*|[^\"'`@]*)(?=@)"  # with a slash or a blank; a port is no password
    r"""|(?<![^\s"'`\[{(,=])[^\s/:@"'`\[{(,=]+:[^\s/@]+(?=@(?!sha\d+:)[\w-]+[.:/])"""  # without a scheme
)
"""The user information before the ``@`` of an address (RFC 3986, 3.2.1)."""
_TO_CONCEAL = re.compile(
    rf"{_USER.pattern}"
    r"""|(?<=://)[^\s/?#@:\["'`]+:(?!\d+(?:[/?#\s"'`\],})]|$))[^\s/?#@"'`]+"""  # YAML has cut the rest off
)


def has_user(address: str) -> bool:
    """Return whether an address has a user, a token, or a user with a password."""
    return _USER.search(address) is not None


def without_user(address: str) -> str:
    """Return an address without its user and password."""
    return _USER.sub("", address).replace("://@", "://", 1).removeprefix("@")


def conceal(text: str) -> str:
    """Hide the users and passwords of all addresses in a text."""
    return _TO_CONCEAL.sub(SHOWN, text)


def conceal_in_line(line: str, column: int, width: int) -> tuple[str, int, int]:
    """Hide them in a source line, and adapt the column (from 1) and the width of the mark below it."""
    spans = [match.span() for match in _TO_CONCEAL.finditer(line)]

    def moved(at: int) -> int:
        return at - sum(max(0, min(at, end) - start - len(SHOWN)) for start, end in spans if start < at)

    first, last = moved(column - 1), moved(column - 1 + width)
    return conceal(line), first + 1, max(1, last - first)
