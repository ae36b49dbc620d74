"""Signs and attests images in a registry by digest, and verifies both, with cosign or notation."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.json_data import read_json
from image_matrix.program import advice, run_once, run_patiently
from image_matrix.publish.claims import contains
from image_matrix.stderr import failed
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from subprocess import CompletedProcess

    from image_matrix.config.release import Signing
    from image_matrix.program import ProgramRunner

ISSUER = "https://token.actions.githubusercontent.com"
PREDICATE = "urn:image-matrix:scan:v1"
"""The type of what a scan attests; an in-toto predicate type is a URI."""
Extent = Literal["whole", "manifest"]
"""What cosign signs: an index with the images in it, or its manifest alone. notation signs the manifest."""
_NO_CONFIG = "--use-signing-config=false"
"""cosign 3 uses a signing config by default; with one it can neither skip the log nor write the older format."""
_LEGACY = "--new-bundle-format=false"
"""github.com/sigstore/cosign, CHANGELOG.md, v3.0.0."""
_MOST_SIGNATURES = "--max-signatures=10000"
"""notation looks at 100 of an image, the oldest first, and each scan signs once more."""


def sign_command(
    signing: Signing, reference: str, claims: Mapping[str, str], extent: Extent = "whole"
) -> list[str] | None:
    """Return the command that signs ``repository@digest`` with claims, or ``None`` if signing is off."""
    match signing.tool:
        case "none":
            return None
        case "notation":
            return [*_notation_sign(signing, claims), reference]
        case _:
            recursive = ["--recursive"] if extent == "whole" else []
            options = [*recursive, *_key(signing), *_sign_options(signing), *_annotations(claims)]
            return ["cosign", "sign", "--yes", *options, reference]


def attest_command(
    signing: Signing, reference: str, predicate: Path, claims: Mapping[str, str]
) -> list[str] | None:
    """Return the command that attests claims of ``repository@digest``, or ``None`` if signing is off.

    ``predicate`` is a file with the claims as JSON. notation has no attestations: it signs the claims.
    """
    match signing.tool:
        case "none":
            return None
        case "notation":
            return [*_notation_sign(signing, claims), reference]
        case _:
            options = [*_key(signing), *_sign_options(signing), f"--type={PREDICATE}"]
            return ["cosign", "attest", "--yes", *options, f"--predicate={predicate}", reference]


def _notation_sign(signing: Signing, claims: Mapping[str, str]) -> list[str]:
    plugin = ["--plugin", signing.plugin or "", "--id", signing.key or ""]
    return ["notation", "sign", "--signature-format", "cose", *plugin, *_user_metadata(claims)]


def _key(signing: Signing) -> list[str]:
    return ["--key", signing.key] if signing.key else []


def _sign_options(signing: Signing) -> list[str]:
    """Return the options of ``cosign sign`` and ``cosign attest`` for the log and the format."""
    log = [] if signing.public_log else ["--tlog-upload=false"]
    legacy = [_LEGACY] if signing.format == "legacy" else []
    return [_NO_CONFIG, *log, *legacy] if log or legacy else []


def _annotations(claims: Mapping[str, str]) -> list[str]:
    return [f"--annotations={name}={value}" for name, value in claims.items()]


def _user_metadata(claims: Mapping[str, str]) -> list[str]:
    return [f"--user-metadata={name}={value}" for name, value in claims.items()]


def verify_command(
    signing: Signing, reference: str, identity: str, claims: Mapping[str, str]
) -> list[str] | None:
    """Return the command that verifies a signature with claims, or ``None`` if signing is off.

    A keyless signature must have the identity ``identity``. notation uses the machine's trust policy
    (notaryproject.dev, "Trust store and trust policy"). Claims are needed: without one, ``cosign verify`` accepts any
    attestation as a signature, if it is stored as a bundle.
    """
    match signing.tool:
        case "none":
            return None
        case "notation":
            return ["notation", "verify", _MOST_SIGNATURES, *_user_metadata(claims), reference]
        case _:
            return ["cosign", "verify", *_signer(signing, identity), *_annotations(claims), reference]


def verify_attestation_command(
    signing: Signing, reference: str, identity: str, claims: Mapping[str, str]
) -> list[str] | None:
    """Return the command that verifies attestations and prints them, or ``None`` if signing is off.

    notation verifies the claims, as a signature.
    """
    if signing.tool != "cosign":
        return verify_command(signing, reference, identity, claims)
    options = [*_signer(signing, identity), f"--type={PREDICATE}"]
    return ["cosign", "verify-attestation", *options, reference]


def _signer(signing: Signing, identity: str) -> list[str]:
    """Return the options of cosign's verification that say whose signature counts."""
    keyless = ["--certificate-oidc-issuer", ISSUER, "--certificate-identity", identity]
    log = [] if signing.public_log else ["--insecure-ignore-tlog=true"]
    key = ["--key", signing.public_key or "", *log]
    legacy = [_LEGACY] if signing.format == "legacy" else []
    return [*(keyless if signing.keyless else key), *legacy]


def sign(
    signing: Signing,
    reference: str,
    claims: Mapping[str, str],
    extent: Extent = "whole",
    run: ProgramRunner = run_patiently,
    remedy: str = "nothing was released",
) -> None:
    """Sign ``repository@digest`` with claims; tries again if the registry, Fulcio or Rekor is unavailable.

    ``remedy`` is the help if it fails for another reason than a rate limit.

    Raises :class:`EnvironmentFailure` if the program is missing, and :class:`Failure` if it fails.
    """
    command = sign_command(signing, reference, claims, extent)
    if command is not None:
        _run_signer(command, f"{reference} could not be signed", run, remedy)


def attest(
    signing: Signing,
    reference: str,
    claims: Mapping[str, str],
    run: ProgramRunner = run_patiently,
    remedy: str = "nothing was attested",
) -> None:
    """Attest claims of ``repository@digest``; tries again, and raises, as :func:`sign`."""
    with temporary_folder() as folder:
        predicate = folder / "predicate.json"
        predicate.write_text(json.dumps(dict(claims), sort_keys=True), encoding="utf-8")
        command = attest_command(signing, reference, predicate, claims)
        if command is not None:
            _run_signer(command, f"{reference} could not be attested", run, remedy)


def _run_signer(command: list[str], problem: str, run: ProgramRunner, remedy: str) -> None:
    _require(command[0])
    answer = run(_known(command, run))
    if answer.returncode:
        raise Failure(failed(problem, answer.stderr), advice(answer.stderr, remedy))


def _known(command: list[str], run: ProgramRunner) -> list[str]:
    """Return the command without the options of cosign 3 that an installed cosign 2 does not know.

    cosign 2 does by itself what they ask for: it has no signing config, and ``sign`` writes the older format. Its
    version cannot tell: Debian's is ``devel``. The usage of cosign 3 does not show ``--new-bundle-format``, which is
    deprecated, so one option decides about both.
    """
    newer = {_NO_CONFIG, _LEGACY} & set(command)
    if not newer or _NO_CONFIG.partition("=")[0] in run([*command[:2], "--help"]).stdout:
        return command
    return [option for option in command if option not in newer]


Verifier = Callable[[str, "Mapping[str, str]"], "str | None"]
"""Returns why ``repository@digest`` has no valid signature with the given claims, or ``None`` if it has one."""


def verifier(signing: Signing, identity: str | None) -> Verifier:
    """Return the verifier of signatures.

    ``identity`` comes from :func:`release_identity`. If signing is off, no signature is valid. The verifier raises
    :class:`EnvironmentFailure` if the program is missing.
    """

    def refusal(reference: str, claims: Mapping[str, str]) -> str | None:
        answer = _verified(signing, identity, verify_command(signing, reference, identity or "", claims))
        return answer if isinstance(answer, str) else None

    return refusal


def attestation_verifier(signing: Signing, identity: str | None) -> Verifier:
    """Return the verifier of attestations; see :func:`verifier`. Of several attestations, one has to fit."""

    def refusal(reference: str, claims: Mapping[str, str]) -> str | None:
        command = verify_attestation_command(signing, reference, identity or "", claims)
        answer = _verified(signing, identity, command)
        if isinstance(answer, str):
            return answer
        if signing.tool == "cosign" and not any(contains(one, claims) for one in predicates(answer.stdout)):
            return "its attestations are for another variant, key or policy"
        return None

    return refusal


def _verified(
    signing: Signing, identity: str | None, command: Sequence[str] | None
) -> CompletedProcess[str] | str:
    """Run a verification; return why nothing is valid, or what the program printed of what is valid."""
    if command is None:
        return "signing is off (`release.sign`), so nothing proves that it was scanned"
    if signing.keyless and identity is None:
        return "only a run of GitHub Actions knows the identity of valid keyless signatures"
    _require(command[0])
    answer = run_patiently(command)
    return failed("it has no valid signature", answer.stderr) if answer.returncode else answer


def predicates(printed: str) -> list[dict[str, object]]:
    """Return the predicates of our type that ``cosign verify-attestation`` prints, one DSSE envelope a line.

    Source: github.com/secure-systems-lab/dsse, envelope.md; github.com/in-toto/attestation, spec/v1.
    Raises :class:`EnvironmentFailure` for other output.
    """
    try:
        envelopes = [read_json(line) for line in printed.splitlines() if line.startswith("{")]
        statements = [read_json(b64decode(envelope["payload"])) for envelope in envelopes]
        return [one["predicate"] for one in statements if one["predicateType"] == PREDICATE]
    except (ValueError, KeyError, TypeError) as error:
        what = "`cosign verify-attestation` printed something else than attestations"
        raise EnvironmentFailure(what, "check that `cosign` on PATH is that of sigstore") from error


def release_identity(environment: Mapping[str, str], branch: str) -> str | None:
    """Return the certificate identity that a release of the default branch signs with; ``None`` outside GitHub.

    Source: docs.sigstore.dev, "OIDC in Fulcio": the workflow's address with its ref.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if not server or not repository:
        return None
    return f"{server}/{repository}/.github/workflows/images.yaml@refs/heads/{branch}"


def is_knowable(signing: Signing, identity: str | None) -> bool:
    """Return whether a signature can be known at all: there are some, and keyless ones need the identity."""
    return signing.tool != "none" and (identity is not None or not signing.keyless)


def can_verify(signing: Signing, identity: str | None) -> bool:
    """Return whether this machine can tell a valid signature: if not, it cannot demand one.

    A keyless one needs the identity. notation needs a trust policy (notaryproject.dev, "Trust store and trust policy").
    Raises :class:`EnvironmentFailure` if the program is missing.
    """
    if signing.tool == "notation":
        _require("notation")
        return run_once(["notation", "policy", "show"]).returncode == 0
    return is_knowable(signing, identity)


def require_signer(signing: Signing) -> None:
    """Raise :class:`EnvironmentFailure` if the program that signs is missing."""
    if signing.tool != "none":
        _require(signing.tool)


def _require(program: str) -> None:
    if not shutil.which(program):
        raise EnvironmentFailure(
            f"`{program}` is not on PATH", f"install {program}: `release.sign` in matrix.yaml needs it"
        )
