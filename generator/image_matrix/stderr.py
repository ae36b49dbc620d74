"""Turns the standard error of another program into a message: complete, but without colours and progress."""

from __future__ import annotations

import re

from image_matrix.json_data import read_json

FIRST_LINES, LAST_LINES = 20, 40
"""The number of lines that are kept at the start and at the end of a long output."""
NO_REASON = "no reason given"
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_DECORATION = re.compile(r"#\d+ |(?:Run|See) '[^']* --help'")
"""Lines of buildx' steps, which are never errors, and docker's advice after each error."""
_LOG = re.compile(r'time="[^"]*" level=\w+ msg=(?P<text>"(?:[^"\\]|\\.)*"|\S+)(?P<rest>.*)')
"""A line of logrus, which skopeo and docker use for logs."""
_PASSWORD = re.compile(r"(://[^/@\s:]*):[^/@\s]+@")
_LEVEL = re.compile(r"(?:fatal|error): ", re.IGNORECASE)


def failed(what: str, stderr: bytes | str) -> str:
    """Return ``what`` with the output of a program: on the same line, or on separate lines below."""
    lines = reason(stderr)
    if len(lines) == 1:
        return f"{what}: {_LEVEL.sub('', lines[0], count=1)}"
    return "\n".join([f"{what}:", *(f"    {line}" for line in lines)])


def reason(stderr: bytes | str) -> list[str]:
    """Return the lines of standard error without colours, progress, empty lines, repetitions and passwords in URLs.

    Of a line that the program overwrites (with carriage returns), the last version counts. There is at least one line.
    """
    text = stderr.decode(errors="replace") if isinstance(stderr, bytes) else stderr
    lines = [_plain(line) for line in text.split("\n")]
    kept = [line for line in dict.fromkeys(lines) if line.strip() and not _DECORATION.match(line)]
    return _shortened(kept) or [NO_REASON]


def _plain(line: str) -> str:
    shown = _COLOUR.sub("", line).rstrip().rpartition("\r")[2]
    return _PASSWORD.sub(r"\1:…@", _without_log_fields(shown))


def _without_log_fields(line: str) -> str:
    """Return the message of a log line, with the fields after it."""
    entry = _LOG.fullmatch(line)
    if entry is None:
        return line
    text = entry["text"]
    try:
        message = read_json(text) if text.startswith('"') else text
    except ValueError:
        return line
    return f"{message}{entry['rest']}"


def _shortened(lines: list[str]) -> list[str]:
    dropped = len(lines) - FIRST_LINES - LAST_LINES
    if dropped <= 0:
        return lines
    return [*lines[:FIRST_LINES], f"… {dropped} lines omitted …", *lines[-LAST_LINES:]]
