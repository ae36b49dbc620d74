"""Signatures of images in a registry: cosign, notation, or none; digests only."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image_matrix.config.build import Signing

ISSUER = "https://token.actions.githubusercontent.com"


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


def verify_command(signing: Signing, reference: str, identity: str) -> list[str] | None:
    """Return the command that verifies a signature of a workflow whose identity matches ``identity``."""
    match signing.tool:
        case "none":
            return None
        case "notation":
            return ["notation", "verify", reference]
        case _:
            keyless = ["--certificate-oidc-issuer", ISSUER, "--certificate-identity-regexp", identity]
            return ["cosign", "verify", *(["--key", signing.key] if signing.key else keyless), reference]


def sign(signing: Signing, reference: str) -> None:
    """Sign ``repository@digest``.

    Raises :class:`EnvironmentFailure` without the program and :class:`Failure` where it refuses.
    """
    command = sign_command(signing, reference)
    if command is not None:
        answer = _run(command)
        if answer.returncode:
            last = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise Failure(f"{reference} could not be signed: {last}", "nothing was released")


def signed(signing: Signing, reference: str, identity: str) -> bool:
    """Say whether ``repository@digest`` carries a signature of the workflow; without a signer nothing does."""
    command = verify_command(signing, reference, identity)
    return command is not None and _run(command).returncode == 0


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    if not shutil.which(command[0]):
        raise EnvironmentFailure(
            f"there is no `{command[0]}` on PATH", "`build.sign` in matrix.yaml asks for it"
        )
    return subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
