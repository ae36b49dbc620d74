"""A repository in memory that keeps to the rules of a registry: deletion by digest takes all tags."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from image_matrix.pruning.model import Listing, RepositoryNeeds, Seen
from image_matrix.pruning.perform import Deletion
from image_matrix.pruning.tag_forms import AttachedTag, left_tag, read_tag
from image_matrix.publish.claims import KEY

START = datetime(2026, 1, 1, tzinfo=UTC)


def hexadecimal(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


NEEDS = RepositoryNeeds("images", labels=frozenset({"default"}))
"""The needs of a repository with one variant, of which no image is needed."""
INDEX = f"default-{hexadecimal('old')[:12]}"
"""The tag of the release of :func:`old_release`."""


@dataclass
class Shelf:
    """What a repository has, and the day it is."""

    lists_everything: bool = False
    """Whether it lists what has no tag, too, as GitHub does."""
    manifests: dict[str, Seen] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    dates: dict[str, datetime] = field(default_factory=dict)
    day: int = 0
    deletions: list[str] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return START + timedelta(days=self.day)

    def push(self, content: str, *tags: str, children: tuple[str, ...] = (), **fields: object) -> str:
        """Store a manifest under tags; its content decides about its digest."""
        digest = f"sha256:{hexadecimal(content)}"
        assert self.manifests.keys() >= set(children), "a registry refuses an index whose images it lacks"
        self.manifests[digest] = Seen(digest, children, **fields)  # type: ignore[arg-type]
        self.dates.setdefault(digest, self.now)
        self.tags |= dict.fromkeys(tags, digest)
        return digest

    def build(self, label: str, key: str, arch: str, *, content: str = "") -> str:
        """Store an image with its attestation, as buildx pushes it, under both of its tags."""
        about = content or f"{label} {key} {arch}"
        children = (self.push(f"image {about}"), self.push(f"provenance {about}"))
        name = f"{label}-{hexadecimal(key)[:12]}-{arch}"
        return self.push(f"build {about}", name, f"{name}-candidate", children=children)

    def release(self, label: str, key: str, builds: list[str]) -> str:
        """Store the signed index of builds, and point its tags to it."""
        children = tuple(child for build in builds for child in self.manifests[build].children)
        digits = hexadecimal(key)
        tags = (f"{label}-{digits[:12]}", f"{label}-{digits[:12]}-candidate", label)
        digest = self.push(f"index {children}", *tags, children=children, annotations={KEY: digits})
        for signed in (digest, *children):
            self.sign(signed)
        return digest

    def sign(self, digest: str) -> str:
        return self.push(f"signature {digest}", f"{digest.replace(':', '-')}.sig")

    def delete(self, digest: str, _tags: tuple[str, ...] = ()) -> None:
        self.manifests.pop(digest, None)
        self.tags = {tag: one for tag, one in self.tags.items() if one != digest}
        self.deletions.append(digest)

    def mark(self, digest: str) -> None:
        if digest in self.manifests:
            self.tags[left_tag(digest)] = digest

    def deletion(self) -> Deletion:
        return Deletion(self.delete, self.mark)

    def listing(self, needs: RepositoryNeeds) -> Listing:
        """Return what :mod:`image_matrix.pruning.observe` reads of such a registry."""
        seen = set(self.manifests) if self.lists_everything else set(self.tags.values())
        seen |= {digest for digest in needs.named if digest in self.manifests}
        subjects = {form.subject for tag in self.tags if isinstance(form := read_tag(tag), AttachedTag)}
        subjects |= {subject for digest in seen if (subject := self.manifests[digest].subject)}
        return Listing(
            dict(self.tags),
            {digest: self.manifests[digest] for digest in seen},
            frozenset(self.manifests.keys() - set(self.tags.values()))
            if self.lists_everything
            else frozenset(),
            dict(self.dates),
            frozenset((subjects | needs.named) - self.manifests.keys()),
        )


def old_release(*, lists_everything: bool = False) -> Shelf:
    """Return a release of two platforms that no tag of its variant names any more."""
    shelf = Shelf(lists_everything=lists_everything)
    shelf.release("default", "old", [shelf.build("default", "old", arch) for arch in ("amd64", "arm64")])
    shelf.tags.pop("default")
    return shelf
