"""Settles what the verdicts on single manifests mean for each other: what stays protects what it lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.pruning.verdicts import Go, Stay, Unexplained, Verdict, aged, of_untagged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from image_matrix.pruning.model import Listing, RepositoryNeeds


@dataclass(slots=True)
class Verdicts:
    """The verdicts of one plan, and the digests that stay with them."""

    listing: Listing
    by_digest: dict[str, Verdict] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def add(self, verdicts: Mapping[str, Verdict]) -> None:
        """Take verdicts on manifests that have none."""
        for digest, verdict in verdicts.items():
            if digest not in self.by_digest:
                self.by_digest[digest] = verdict
                if not isinstance(verdict, Go):
                    self.kept |= self.closure([digest])

    def keep_named(self, needs: RepositoryNeeds) -> None:
        """Keep what releases name, also where no tag points to it any more."""
        present = {
            digest: reason for digest, reason in needs.digests.items() if digest in self.listing.manifests
        }
        self.add({digest: Stay(reason) for digest, reason in present.items()})

    def keep_wrappers(self) -> None:
        """Keep indexes whose images stay, all of them: such a tag says that an image is built and tested."""
        for digest in self.going():
            children = self.listing.manifests[digest].children
            if children and self.kept.issuperset(children):
                self.by_digest[digest] = Stay("its images stay")
                self.kept.add(digest)

    def keep_young(self, before: datetime | None) -> None:
        """Keep what is not old enough to go. What something lists that stays does so too, and its age says nothing."""
        for digest in self.going():
            if digest in self.kept:
                continue
            verdict = aged(self.by_digest[digest], digest, self.listing, before)
            if not isinstance(verdict, Go):
                self.by_digest[digest] = verdict
                self.kept |= self.closure([digest])

    def add_untagged(self, before: datetime | None) -> None:
        """Judge what has no tag; a part of something that goes needs no verdict."""
        rest = [one for one in sorted(self.listing.untagged) if one not in self.kept]
        alone = {one: self.listing.manifests[one] for one in rest if not self.listing.manifests[one].subject}
        judged = {one: aged(of_untagged(seen), one, self.listing, before) for one, seen in alone.items()}
        self.add({one: verdict for one, verdict in judged.items() if not isinstance(verdict, Unexplained)})
        parts = self.closure(self.going())
        self.add({one: verdict for one, verdict in judged.items() if one not in parts})

    def add_attached(self, subjects: Mapping[str, str]) -> None:
        """Judge what is attached to images: it stays and goes with them. Something may be attached to it in turn."""
        pending = {one: subject for one, subject in subjects.items() if one not in self.by_digest}
        while decided := self._decided(pending):
            self.add(decided)
            pending = {one: subject for one, subject in pending.items() if one not in decided}
        self.add({one: Unexplained(f"nothing lists {subject}") for one, subject in pending.items()})
        while stays := [one for one in self.going() if self._stays(one, subjects.get(one))]:
            self.by_digest |= dict.fromkeys(stays, Stay("what it belongs to stays"))
            self.kept |= self.closure(stays)

    def _decided(self, pending: Mapping[str, str]) -> dict[str, Verdict]:
        """Return the verdicts on those whose image has one."""
        gone = self.closure(self.going())
        decided: dict[str, Verdict] = {}
        for one, subject in pending.items():
            if self._stays(one, subject):
                decided[one] = Stay("the image that it is attached to stays")
            elif subject in self.listing.absent:
                decided[one] = Go("signature", "the image that it is attached to is gone")
            elif subject in gone:
                decided[one] = Go("signature", "the image that it is attached to goes")
        return decided

    def _stays(self, digest: str, subject: str | None) -> bool:
        return digest in self.kept or subject in self.kept

    def going(self) -> list[str]:
        """Return what has the verdict that it goes."""
        return [digest for digest, verdict in self.by_digest.items() if isinstance(verdict, Go)]

    def closure(self, digests: Iterable[str]) -> set[str]:
        """Return manifests and all that they list."""
        reached: set[str] = set()
        todo = list(digests)
        while todo:
            digest = todo.pop()
            if digest not in reached:
                reached.add(digest)
                seen = self.listing.manifests.get(digest)
                todo += seen.children if seen else ()
        return reached
