"""What another program says of its failure, for the message of ours: whole, without what only decorates it."""

from __future__ import annotations

import re

FIRST_LINES, LAST_LINES = 20, 40
"""Lines that are kept of the beginning and of the end of what is longer than both."""
NO_REASON = "no reason given"
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DECORATION = re.compile(r"#\d+ |(?:Run|See) '[^']* --help'")
"""The lines of buildx' steps, which its errors are not among, and docker's advice after every error."""
_LOG = re.compile(r'time="[^"]*" level=\w+ msg=(?P<text>"(?:[^"\\]|\\.)*"|\S+)(?P<rest>.*)')
"""A line of logrus, which skopeo and docker log with."""
_PASSWORD = re.compile(r"(://[^/@\s:]*):[^/@\s]+@")
_LEVEL = re.compile(r"(?:fatal|error): ", re.IGNORECASE)


def failed(what: str, stderr: bytes | str) -> str:
    """Return ``what`` with everything that a program said: in the same line, or in lines of its own below."""
    lines = reason(stderr)
    if len(lines) == 1:
        return f"{what}: {_LEVEL.sub('', lines[0], count=1)}"
    return "\n".join([f"{what}:", *(f"    {line}" for line in lines)])


def reason(stderr: bytes | str) -> list[str]:
    """Return the lines of standard error without colours, progress, empty lines, repetitions and passwords in URLs.

    A line that the program writes over (with carriage returns) counts as it is at its end. Never empty.
    """
    text = stderr.decode(errors="replace") if isinstance(stderr, bytes) else stderr
    lines = [_plain(line) for line in text.split("\n")]
    kept = [line for line in dict.fromkeys(lines) if line.strip() and not _DECORATION.match(line)]
    return _shortened(kept) or [NO_REASON]


def _plain(line: str) -> str:
    shown = _COLOUR.sub("", line).rstrip().rpartition("\r")[2]
    return _PASSWORD.sub(r"\1:…@", _without_log_fields(shown))


def _without_log_fields(line: str) -> str:
    """Return the message of a log line, with the fields behind it."""
    import json

    entry = _LOG.fullmatch(line)
    if entry is None:
        return line
    text = entry["text"]
    try:
        message = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return line
    return f"{message}{entry['rest']}"


def _shortened(lines: list[str]) -> list[str]:
    dropped = len(lines) - FIRST_LINES - LAST_LINES
    if dropped <= 0:
        return lines
    return [*lines[:FIRST_LINES], f"… {dropped} lines are left out …", *lines[-LAST_LINES:]]
