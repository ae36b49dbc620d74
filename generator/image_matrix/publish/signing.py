"""Signs images in a registry by digest, and verifies their signatures, with cosign or notation."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.program import advice, run_patiently
from image_matrix.stderr import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from image_matrix.config.release import Signing
    from image_matrix.program import ProgramRunner

ISSUER = "https://token.actions.githubusercontent.com"
_NO_CONFIG = "--use-signing-config=false"
"""cosign 3 uses a signing config by default; with one it can neither skip the log nor write the older format."""
_LEGACY = "--new-bundle-format=false"
"""github.com/sigstore/cosign, CHANGELOG.md, v3.0.0."""


def sign_command(signing: Signing, reference: str) -> list[str] | None:
    """Return the command that signs ``repository@digest``, or ``None`` if signing is off."""
    match signing.tool:
        case "none":
            return None
        case "notation":
            plugin = ["--plugin", signing.plugin or "", "--id", signing.key or ""]
            return ["notation", "sign", "--signature-format", "cose", *plugin, reference]
        case _:
            key = ["--key", signing.key] if signing.key else []
            return ["cosign", "sign", "--yes", "--recursive", *key, *_sign_options(signing), reference]


def _sign_options(signing: Signing) -> list[str]:
    """Return the options of ``cosign sign`` for the log and the format."""
    log = [] if signing.public_log else ["--tlog-upload=false"]
    legacy = [_LEGACY] if signing.format == "legacy" else []
    return [_NO_CONFIG, *log, *legacy] if log or legacy else []


def verify_command(signing: Signing, reference: str, identity: str) -> list[str] | None:
    """Return the command that verifies a signature, or ``None`` if signing is off.

    A keyless signature must have the identity ``identity``. notation uses the machine's trust policy
    (notaryproject.dev, "Trust store and trust policy").
    """
    match signing.tool:
        case "none":
            return None
        case "notation":
            return ["notation", "verify", reference]
        case _:
            keyless = ["--certificate-oidc-issuer", ISSUER, "--certificate-identity", identity]
            log = [] if signing.public_log else ["--insecure-ignore-tlog=true"]
            key = ["--key", signing.public_key or "", *log]
            legacy = [_LEGACY] if signing.format == "legacy" else []
            return ["cosign", "verify", *(keyless if signing.keyless else key), *legacy, reference]


def sign(
    signing: Signing,
    reference: str,
    run: ProgramRunner = run_patiently,
    remedy: str = "nothing was released",
) -> None:
    """Sign ``repository@digest``; tries again if the registry, Fulcio or Rekor is unavailable for the moment.

    ``remedy`` is the help if it fails for another reason than a rate limit.

    Raises :class:`EnvironmentFailure` if the program is missing, and :class:`Failure` if it fails.
    """
    command = sign_command(signing, reference)
    if command is not None:
        _require(command[0])
        answer = run(command)
        if answer.returncode:
            problem = failed(f"{reference} could not be signed", answer.stderr)
            raise Failure(problem, advice(answer.stderr, remedy))


def verifier(
    signing: Signing, identity: str | None, run: ProgramRunner = run_patiently
) -> Callable[[str], str | None]:
    """Return a function that returns why ``repository@digest`` has no valid signature, or ``None`` if it has one.

    ``identity`` comes from :func:`release_identity`. If signing is off, no signature is valid. The function raises
    :class:`EnvironmentFailure` if the program is missing.
    """

    def refusal(reference: str) -> str | None:
        command = verify_command(signing, reference, identity or "")
        if command is None:
            return "signing is off (`release.sign`), so nothing proves that it was scanned"
        if signing.keyless and identity is None:
            return "only a run of GitHub Actions knows the identity of valid keyless signatures"
        _require(command[0])
        answer = run(command)
        return failed("it has no valid signature", answer.stderr) if answer.returncode else None

    return refusal


def release_identity(environment: Mapping[str, str], branch: str) -> str | None:
    """Return the certificate identity that a release of the default branch signs with; ``None`` outside GitHub.

    Source: docs.sigstore.dev, "OIDC in Fulcio": the workflow's address with its ref.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if not server or not repository:
        return None
    return f"{server}/{repository}/.github/workflows/images.yaml@refs/heads/{branch}"


def require_signer(signing: Signing) -> None:
    """Raise :class:`EnvironmentFailure` if the program that signs is missing."""
    if signing.tool != "none":
        _require(signing.tool)


def _require(program: str) -> None:
    if not shutil.which(program):
        raise EnvironmentFailure(
            f"`{program}` is not on PATH", f"install {program}: `release.sign` in matrix.yaml needs it"
        )
