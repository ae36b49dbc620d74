"""Tells the heredocs of a RUN that a shell runs from those that are data: ``cat <<EOF >/x`` writes a file.

Sources: docs.docker.com/reference/dockerfile/#here-documents;
pubs.opengroup.org/onlinepubs/9799919799, "Shell Command Language", 2.7.4, and "sh".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.dockerfiles.instructions import HEREDOC, words
from image_matrix.json_data import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.dockerfiles.instructions import Instruction

_BEFORE = re.compile(r".*[;&|({]", re.DOTALL)
"""What stands before a command in its line."""
_BEHIND = re.compile(r"[;&|)}].*", re.DOTALL)
_REDIRECTION = re.compile(r"\d*(?:<<-?[^\s<]+|(?:>>?|<)(?:&\S+|\s*[^\s<>&|;()]+))")
_SHELL = re.compile(
    r"(?:[A-Za-z_]\w*=\S*\s+|(?:exec|env|sudo)\s+(?:-\S+\s+)*)*(?:\S*/)?(?:ba|da|a|k|z)?sh"
    r"(?:\s+[-+][a-z]*o\s+\w+|\s+[-+](?!\w*[cs])[-\w]*)*(?:\s+-\w*s(?:\s.*)?)?"
)
"""A shell that reads its script from its input: it has none as an argument."""
_OTHER_INTERPRETER = re.compile(r"#!(?!.*[/\s](?:ba|da|a|k|z)?sh\b)")


def scripts_of_step(step: Instruction, escape: str) -> tuple[str, ...]:
    """Return what a step runs: its line, or the words of its list, and the heredocs that a shell reads."""
    try:
        listed = read_json(step.text)
    except ValueError:
        listed = None
    line = " ".join(map(str, listed)) if isinstance(listed, list) else step.text
    return (line, *_run(step, escape))


def _run(step: Instruction, escape: str) -> Iterator[str]:
    """Yield the heredocs that are alone in their line, or the input of a shell."""
    for content, command in zip(step.heredocs, _readers(step.text, escape), strict=False):
        if _SHELL.fullmatch(command) or (not command and not _OTHER_INTERPRETER.match(content)):
            yield content


def _readers(line: str, escape: str) -> Iterator[str]:
    """Yield the command that reads each heredoc of a line, without redirections; empty if there is none."""
    at = 0
    for word in words(line, escape):
        start = line.index(word, at)
        at = start + len(word)
        if HEREDOC.fullmatch(word):
            before, behind = (_REDIRECTION.sub("", part) for part in (line[:start], line[at:]))
            command = f"{_BEFORE.sub('', before).strip()} {_BEHIND.sub('', behind).strip()}"
            yield command.strip()
