"""Failures that are nobody's matrix: each has the exit code that a script can rely on.

0 well; 1 the answer is no; 2 the input or the call is wrong; 3 the environment failed.
"""

from __future__ import annotations

from typing import ClassVar


class Failure(Exception):  # noqa: N818 - it is what it is called in the messages
    """A failure with a remedy; raising it ends the command with ``exit_code`` and no traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        help: str = "",  # noqa: A002 - the word that users see
        place: tuple[str, int | None] | None = None,
    ) -> None:
        self.message = message
        self.help = help
        self.place = place
        """File below the repository, and line, that the failure is about; for annotations."""
        super().__init__(message)


class Blocked(Failure):
    """Something else has to be done first, and was not."""


class CallError(Failure):
    """The call is wrong: an unknown variant, say."""

    exit_code = 2


class EnvironmentFailure(Failure):
    """The engine, the registry or the network failed, or is not there."""

    exit_code = 3
