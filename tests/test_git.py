from __future__ import annotations

import pytest

from image_matrix.git import command_in, reason

LOST = b"""\
fatal: 'origin' does not appear to be a git repository
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
"""
SSH = b"""\
Warning: Permanently added 'example.org' to the list of known hosts.
git@example.org: Permission denied (publickey).
fatal: Could not read from remote repository.
"""
DUBIOUS = b"""\
fatal: detected dubious ownership in repository at '/work'
To add an exception for this directory, call:

\tgit config --global --add safe.directory /work
"""


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (LOST, "'origin' does not appear to be a git repository"),
        (SSH, "git@example.org: Permission denied (publickey)."),
        (DUBIOUS, "detected dubious ownership in repository at '/work'"),
        (b"\nhint: x\nerror: src refspec a does not match any\n", "src refspec a does not match any"),
        (b"", "no reason given"),
    ],
)
def test_the_line_that_says_what_is_wrong(stderr: bytes, said: str) -> None:
    assert reason(stderr) == said


def test_what_git_advises() -> None:
    assert command_in(DUBIOUS) == "git config --global --add safe.directory /work"
    assert command_in(LOST) is None
