"""The ``build:`` section: how the workflow builds, tests, scans, signs and releases. Nothing of it is part of a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

SignTool = Literal["cosign", "notation", "none"]
ScanTool = Literal["trivy", "grype", "command", "image", "none"]
GITHUB_REGISTRY = "ghcr.io"
"""The one registry that takes GitHub's own token; docs.github.com/packages."""
RUNNERS = {"linux/amd64": ("ubuntu-24.04",), "linux/arm64": ("ubuntu-24.04-arm",)}
"""GitHub's native runners; docs.github.com/actions/reference/runners/github-hosted-runners."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs an index."""

    tool: SignTool = "cosign"
    key: str | None = None
    """cosign: a key's address (``awskms://…``, ``env://NAME``); none: keyless. notation: the key's id (an ARN)."""
    plugin: str | None = None
    """notation: name of its plugin."""
    role: str | None = None
    """ARN of the AWS role that the release job takes by OIDC."""
    region: str = "us-east-1"
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


@dataclass(frozen=True, slots=True)
class Login:
    """Names of the repository's secrets that log in; none: GitHub's own token, on its own registry and nowhere else."""

    username: str | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """What a single image may set for itself."""

    runners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Platform to the labels that a runner must have."""
    timeout_minutes: int | None = None
    max_size: str | None = None
    free_disk: bool = False


@dataclass(frozen=True, slots=True)
class Build:
    """How images are built on GitHub Actions."""

    generator: str | None = None
    """What the jobs install: a requirement, or a path such as ``.``. No default: a name that the project does not
    own on the index of the runners could be registered by anybody."""
    default_branch: str = "main"
    release_branch: str = "release"
    staging: str | None = None
    workflow: bool = True
    """Whether the workflow is rendered at all."""
    commit_rendered: bool = False
    require_lock: bool = False
    """Whether runs build nothing while something floats."""
    runners: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: RUNNERS)
    """Platform to the labels of its runner; none: QEMU on a runner of the other platform."""
    timeout_minutes: int = 60
    max_parallel: int = 20
    """Legs of one job at once."""
    max_size: str | None = None
    """The largest compressed image: ``8G``."""
    login: Login = Login()
    sign: Signing = Signing()
    scan: Scanning = Scanning()
    sbom: bool = True
    lock_schedule: str = "23 3 * * 1"
    images: Mapping[str, Steps] = field(default_factory=dict)

    def runner(self, image: str, platform: str) -> tuple[str, ...]:
        """Return the labels of an image's runner for a platform; none where it has to be emulated."""
        own = self.images.get(image, Steps()).runners
        return own.get(platform) or self.runners.get(platform) or ()

    def timeout(self, image: str) -> int:
        """Return the minutes after which a job of an image is ended."""
        return self.images.get(image, Steps()).timeout_minutes or self.timeout_minutes

    def size_limit(self, image: str) -> int | None:
        """Return the most bytes that an image may have, compressed, or ``None``."""
        said = self.images.get(image, Steps()).max_size or self.max_size
        return size_bytes(said) if said else None


def size_bytes(text: str) -> int:
    """Read ``800M`` or ``8G``, in powers of ten."""
    return int(text[:-1]) * {"M": 10**6, "G": 10**9}[text[-1]]


def staging_of(registry: str, build: Build) -> str:
    """Return the prefix that pull requests push to."""
    return build.staging or f"{registry}/staging"


def read_build(item: Mapping[str, Any]) -> Build:
    """Read the section."""
    plain = {
        key: item[key]
        for key in (
            "generator", "default_branch", "release_branch", "staging", "commit_rendered",
            "require_lock",
            "workflow",
            "timeout_minutes", "max_parallel", "max_size", "sbom", "lock_schedule",
        )
        if key in item
    }  # fmt: skip
    return Build(
        **plain,
        runners={**RUNNERS, **_runners(item.get("runners", {}))},
        login=Login(**item.get("login", {})),
        sign=Signing(**item.get("sign", {})),
        scan=_scanning(item.get("scan", {})),
        images={name: _steps(steps) for name, steps in item.get("images", {}).items()},
    )


def _runners(item: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Read labels, one or a list; ``emulate`` is no label."""
    listed = {
        platform: (value,) if isinstance(value, str) else tuple(value) for platform, value in item.items()
    }
    return {platform: () if labels == (EMULATE,) else labels for platform, labels in listed.items()}


EMULATE = "emulate"


def _scanning(item: Mapping[str, Any]) -> Scanning:
    ignored = tuple(Ignored(one["id"], one["until"], one["reason"]) for one in item.get("ignore", ()))
    rest = {key: item[key] for key in ("tool", "severity", "fixed_only", "image") if key in item}
    return Scanning(**rest, command=tuple(item.get("command", ())), ignore=ignored)


def _steps(item: Mapping[str, Any]) -> Steps:
    rest = {key: item[key] for key in ("timeout_minutes", "max_size", "free_disk") if key in item}
    return Steps(runners=_runners(item.get("runners", {})), **rest)
