from __future__ import annotations

from image_matrix.git import command_in

LOST = b"fatal: 'origin' does not appear to be a git repository\n"
DUBIOUS = b"""\
fatal: detected dubious ownership in repository at '/work'
To add an exception for this directory, call:

\tgit config --global --add safe.directory /work
"""


def test_what_git_advises() -> None:
    assert command_in(DUBIOUS) == "git config --global --add safe.directory /work"
    assert command_in(LOST) is None
