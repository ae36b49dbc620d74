"""Signatures of images in a registry: cosign, notation, or none; digests only."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.program import advice, run_patiently
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.release import Signing
    from image_matrix.program import Run

_NO_LOG = ["--use-signing-config=false", "--tlog-upload=false"]
"""cosign 3 takes its services from a signing config by default, and with one refuses to leave the log out."""


def sign_command(signing: Signing, reference: str) -> list[str] | None:
    """Return the command that signs ``repository@digest``, or ``None`` where nobody signs."""
    match signing.tool:
        case "none":
            return None
        case "notation":
            plugin = ["--plugin", signing.plugin or "", "--id", signing.key or ""]
            return ["notation", "sign", "--signature-format", "cose", *plugin, reference]
        case _:
            key = ["--key", signing.key] if signing.key else []
            log = [] if signing.public_log else _NO_LOG
            return ["cosign", "sign", "--yes", "--recursive", *key, *log, reference]


def sign(signing: Signing, reference: str, run: Run = run_patiently) -> None:
    """Sign ``repository@digest``; again where the registry, Fulcio or Rekor cannot answer for the moment.

    Raises :class:`EnvironmentFailure` without the program and :class:`Failure` where it refuses.
    """
    command = sign_command(signing, reference)
    if command is not None:
        _require(command)
        answer = run(command)
        if answer.returncode:
            problem = failed(f"{reference} could not be signed", answer.stderr)
            raise Failure(problem, advice(answer.stderr, "nothing was released"))


def _require(command: Sequence[str]) -> None:
    if not shutil.which(command[0]):
        raise EnvironmentFailure(
            f"there is no `{command[0]}` on PATH", "`release.sign` in matrix.yaml asks for it"
        )
