"""Reads the section ``release:``: how tested images are scanned, signed and released. It is not part of any key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

SignFormat = Literal["bundle", "legacy"]
Provenance = Literal["max", "min", "none"]
Compression = Literal["gzip", "zstd", "estargz"]
"""How image layers are compressed; docs.docker.com/build/exporters, "Compression"."""
Attest = Literal["github", "none"]
SignTool = Literal["cosign", "notation", "none"]
ScanTool = Literal["trivy", "grype", "command", "image", "none"]
ReleaseList = Literal["catalog", "devcontainers", "page"]
"""What a release writes besides the lists of the sites."""
_SCANNING = ("tool", "severity", "fixed_only", "image", "entrypoint", "env", "sarif", "attach")
"""Fields of ``release.scan`` that are taken as they are."""
SUBJECTS = 1024
"""Subjects of one attestation; github.com/actions/attest, README.md."""
GITHUB_REGISTRY = "ghcr.io"
"""The one registry that takes GitHub's own token; docs.github.com/packages."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs an index."""

    tool: SignTool = "cosign"
    key: str | None = None
    """cosign: a key's address (``awskms://…``, ``env://NAME``); none: keyless. notation: the key's id (an ARN)."""
    public_key: str | None = None
    """cosign with a key: path of the file with its public half, relative to the matrix."""
    plugin: str | None = None
    """notation: name of its plugin."""
    role: str | None = None
    """ARN of the AWS role that the release job takes by OIDC."""
    region: str = "us-east-1"
    format: SignFormat = "bundle"
    """cosign: how signatures are stored; ``legacy`` for programs that know no bundles."""
    public_log: bool = True
    """cosign with a key: whether the signature is recorded in Rekor."""

    @property
    def keyless(self) -> bool:
        """Whether the run's own identity signs."""
        return self.tool == "cosign" and self.key is None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that somebody has looked at."""

    id: str
    until: str
    """The date, as YYYY-MM-DD, from which it counts again."""
    reason: str


@dataclass(frozen=True, slots=True)
class ScannerResources:
    """What the scanner's container may use at most."""

    cpu: float | None = None
    """Cores."""
    memory: str | None = None
    """With its unit: ``4Gi``, ``512Mi``."""


@dataclass(frozen=True, slots=True)
class Scanning:
    """Who scans an image, and what stops the release."""

    tool: ScanTool = "trivy"
    severity: str = "CRITICAL"
    """The lowest severity that stops the release."""
    fixed_only: bool = True
    command: tuple[str, ...] = ()
    """``command``: the whole command; ``image``: its arguments. ``{archive}`` and ``{report}`` are replaced."""
    image: str | None = None
    ignore: tuple[Ignored, ...] = ()
    entrypoint: str | None = None
    """``image``: the program in place of the image's own entry point."""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Names of secrets that the scanner gets as variables."""
    resources: ScannerResources = field(default_factory=ScannerResources)
    sarif: bool = False
    """Whether findings are shown in GitHub's code scanning."""
    attach: bool = False
    """Whether the report is attached to the image in the registry."""


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """An App that writes in place of GitHub's own token."""

    client_id: str
    private_key: str
    """Name of the secret with its private key."""


@dataclass(frozen=True, slots=True)
class Push:
    """How the release branch is written."""

    token: str | None = None
    """Name of the secret with a token; GitHub's own token without."""
    app: GitHubApp | None = None
    deploy_key: str | None = None
    """Name of the secret with the private half of a deploy key."""
    verified: bool = False
    """Whether GitHub's API makes the commit, which signs it."""


@dataclass(frozen=True, slots=True)
class Release:
    """How a release is made."""

    branch: str = "release"
    """Holds ``deploy/`` with digests; Flux follows it."""
    push: Push = field(default_factory=Push)
    sign: Signing = field(default_factory=Signing)
    scan: Scanning = field(default_factory=Scanning)
    sbom: bool = True
    provenance: Provenance = "max"
    """What the provenance of an image says; ``none``: it has none."""
    compression: Compression = "gzip"
    """Of the image layers that are pushed."""
    attest: Attest = "none"
    """Who attests the indexes that a release creates, besides the signature."""
    copies: tuple[str, ...] = ()
    """Registry paths to which a release is copied."""
    lists: tuple[ReleaseList, ...] = ()
    """What is written to ``deploy/`` besides the lists of the sites."""
    artifact: str | None = None
    """Repository below ``registry`` to which ``deploy/`` is pushed, for Flux' OCIRepository."""


def read_release(item: Mapping[str, Any]) -> Release:
    """Read the section; a text in place of a mapping is its ``tool``."""
    usual = Release()
    return Release(
        branch=item.get("branch", usual.branch),
        push=_push(item.get("push", {})),
        sign=Signing(**_tool(item.get("sign", {}))),
        scan=_scanning(_tool(item.get("scan", {}))),
        sbom=item.get("sbom", usual.sbom),
        provenance=item.get("provenance", usual.provenance),
        compression=item.get("compression", usual.compression),
        attest=item.get("attest", usual.attest),
        copies=tuple(item.get("copies", ())),
        lists=tuple(item.get("lists", ())),
        artifact=item.get("artifact"),
    )


def _push(item: Mapping[str, Any]) -> Push:
    app = item.get("app")
    return Push(
        item.get("token"),
        GitHubApp(**app) if app else None,
        item.get("deploy_key"),
        item.get("verified", False),
    )


def _tool(item: Mapping[str, Any] | str) -> Mapping[str, Any]:
    return {"tool": item} if isinstance(item, str) else item


def _scanning(item: Mapping[str, Any]) -> Scanning:
    ignored = tuple(Ignored(one["id"], one["until"], one["reason"]) for one in item.get("ignore", ()))
    rest = {key: item[key] for key in _SCANNING if key in item}
    return Scanning(
        **rest,
        command=tuple(item.get("command", ())),
        ignore=ignored,
        secrets=tuple(item.get("secrets", ())),
        resources=ScannerResources(**item.get("resources", {})),
    )


def size_bytes(text: str | None) -> int | None:
    """Read ``800MB`` or ``8GB``, in powers of ten; ``None`` for no limit."""
    return int(text[:-2]) * {"MB": 10**6, "GB": 10**9}[text[-2:]] if text and text != "none" else None
