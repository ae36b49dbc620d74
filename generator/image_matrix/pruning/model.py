"""What is known of a repository, what must stay there, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Role = Literal["images", "staging"]
"""What a repository holds: images of the default branch, or those of pull requests."""
Kind = Literal["old key", "candidate", "staging", "cache", "signature", "earlier build", "part", "left over"]
"""Why something goes: ``part`` is an image, or an attestation, of an index that goes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a manifest."""

    digest: str
    children: tuple[str, ...] = ()
    """The digests of the manifests that it lists, of an index."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    subject: str | None = None
    """The digest of the image that it is attached to."""
    is_cache: bool = False
    config: str | None = None
    """The digest of its configuration, of an image of one platform."""
    blobs: Mapping[str, int] = field(default_factory=dict)
    """What it needs, itself included: digest to bytes. Manifests that it lists are not in it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a repository has."""

    tags: Mapping[str, str]
    """Tag to digest."""
    manifests: Mapping[str, Seen]
    """What was read, by digest: of all tags, and of what has no tag as far as the registry lists it."""
    untagged: frozenset[str] = frozenset()
    """Digests without a tag; few registries list them."""
    dates: Mapping[str, datetime] = field(default_factory=dict)
    """When a manifest was written, as far as that is known."""
    absent: frozenset[str] = frozenset()
    """Digests that something names, and that the repository does not have."""
    parts: Mapping[str, Seen] = field(default_factory=dict)
    """What was read of manifests that others list, by digest."""


@dataclass(frozen=True, slots=True)
class RepositoryNeeds:
    """What must stay in a repository, with the reasons."""

    role: Role
    tags: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    """Also of other repositories: a digest means one image everywhere."""
    named: frozenset[str] = frozenset()
    """Those of the digests that a release names in this repository."""
    labels: frozenset[str] = frozenset()
    """The labels of variants that the repository has, or had."""
    unknown: str | None = None
    """Why it is not known what must stay; then everything does."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided of one manifest."""

    digest: str
    tags: tuple[str, ...]
    reason: str
    parts: tuple[str, ...] = ()
    """Digests of manifests that go right after it, because nothing else lists them."""

    @property
    def name(self) -> str:
        """The first tag; the digest of a manifest without one."""
        return self.tags[0] if self.tags else self.digest


@dataclass(frozen=True, slots=True)
class Gone(Decision):
    """A manifest that goes."""

    kind: Kind = "part"
    lists: tuple[str, ...] = ()
    """Digests of all that it lists, and of what that lists, whether it goes or not."""
    subject: str | None = None
    """The digest of the image that it is attached to."""
    attached: tuple[str, ...] = ()
    """Digests of what has no tag, is attached to it or to its parts, and goes later."""


@dataclass(frozen=True, slots=True)
class RepositoryBlobs:
    """What manifests of a repository need, as far as they were read."""

    gone: Mapping[str, int] = field(default_factory=dict)
    """What those that go need: digest to bytes."""
    kept: frozenset[str] = frozenset()
    """The digests of what the others need."""
    is_gone_known: bool = True
    """Whether all that go were read; if not, they may free more."""
    is_kept_known: bool = True
    """Whether all others were read; if not, they may need some of what is counted as free."""


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    """What is decided for a repository."""

    repository: str
    """Host and path."""
    keep: tuple[Decision, ...]
    delete: tuple[Gone, ...]
    """In the order of deletion."""
    unexplained: tuple[Decision, ...]
    """What nobody can explain, which stays, too."""
    missing: tuple[str, ...] = ()
    """Digests that a release names, and that the repository does not have."""
    blobs: RepositoryBlobs = field(default_factory=RepositoryBlobs)

    @property
    def count(self) -> int:
        """How many manifests go."""
        return sum(1 + len(one.parts) for one in self.delete)
