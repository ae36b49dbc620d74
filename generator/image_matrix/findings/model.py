"""Defines what a scanner finds, and what was scanned."""

from __future__ import annotations

from dataclasses import dataclass, field

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")


@dataclass(frozen=True, slots=True)
class ScanFinding:
    """A known vulnerability of a package in an image."""

    severity: str
    """One of :data:`SEVERITIES`."""
    id: str
    """``CVE-2026-0001``, or a name of another list."""
    package: str
    installed: str = ""
    """The version in the image; empty if the report does not say."""
    fixed: tuple[str, ...] = ()
    """The versions that mend it, one for each line of versions; none if there is none yet."""
    installer: str = ""
    """``apt``, ``pip``, ``conda``, ``npm`` or ``cran``; empty for parts of programs, and for what else there is."""
    path: str = ""
    """Where it was found in the image; empty for packages of the distribution."""
    aliases: tuple[str, ...] = ()
    """What other lists call it: the CVE of a finding that GitHub names."""

    @property
    def versions(self) -> str:
        """The version in the image, and those that mend it."""
        fixed = ", ".join(self.fixed) or "no fix"
        return f"{self.installed} → {fixed}" if self.installed else f"→ {fixed}"


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """What a scan could not see, for people; empty texts where it saw everything, or nobody knows."""

    database: str = ""
    """The day of the scanner's database, as YYYY-MM-DD; empty if it is not known."""
    stale: str = ""
    """What the database lacks."""
    unseen: str = ""
    """What of the image was not looked up."""
    ended: str = ""
    """What of the image gets no updates any more: known flaws are found, and nobody lists new ones."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What there is to say of them."""
        return tuple(text for text in (self.stale, self.unseen, self.ended) if text)

    @property
    def is_complete(self) -> bool:
        """Whether all of the image was looked up in what is known today."""
        return not (self.stale or self.unseen)


@dataclass(frozen=True, slots=True)
class ScanTarget:
    """A released image on one platform."""

    variant: str
    """Id of the variant that it was released as; the matrix of today need not have it."""
    image: str
    """``repository@digest`` of the index."""
    platform: str
    channel: str = ""
    """The channel that offers it; empty for the release branch itself."""
    key: str = ""
    """The key that it was built by; empty if the release does not say."""

    @property
    def name(self) -> str:
        """What people call it: ``jupyter:python3.13 (stable)``."""
        return f"{self.variant} ({self.channel})" if self.channel else self.variant


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What came of the scan of one image."""

    target: ScanTarget
    findings: tuple[ScanFinding, ...] = ()
    rejected: bool = False
    """Whether the scanner rejects the image; its own report may say why."""
    problem: str = ""
    """Why it was not scanned; empty if it was."""
    not_kept: str = ""
    """Why the scanner's reports are not where they were asked for; empty if they are. Findings count all the same."""
    limits: ScanLimits = field(default_factory=ScanLimits)

    @property
    def is_clean(self) -> bool:
        """Whether all of it was looked up in what is known today, and nothing counts."""
        return self.is_complete and not (self.findings or self.rejected)

    @property
    def is_complete(self) -> bool:
        """Whether all of it was looked up in what is known today: what the scan does not name is not there."""
        return self.limits.is_complete and not self.problem


def from_severity(lowest: str) -> tuple[str, ...]:
    """Return the severities that count: ``lowest`` and everything above it."""
    return SEVERITIES[: SEVERITIES.index(lowest) + 1]
