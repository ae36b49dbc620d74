"""Finds the multi-platform indexes that a release needs, those that exist, and those that were signed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.build.origin import build_origin
from image_matrix.config.annotations import REVISION, SOURCE
from image_matrix.planning.plan import references
from image_matrix.publish.claims import KEY, POLICY
from image_matrix.publish.claims import released as released_claims
from image_matrix.publish.trust import refusals_of
from image_matrix.registry.answers import Denied, manifest_or_none
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from image_matrix.config.model import Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.config.release import Release
    from image_matrix.planning.plan import State
    from image_matrix.publish.release_files import ReleaseEntry
    from image_matrix.publish.signing import Verifier
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry

VERSION = "org.opencontainers.image.version"
CREATED = "org.opencontainers.image.created"
RUN = "image-matrix.run"
"""The annotation of an index with the address of the run that created it."""
ORIGIN = (CREATED, REVISION, SOURCE, RUN)
"""Annotations that differ between runs; they do not decide whether two indexes are equal."""


@dataclass(frozen=True, slots=True)
class Index:
    """The immutable index that a variant needs."""

    variant: Variant
    reference: str
    """Full reference of the immutable tag: ``ghcr.io/example/notebooks/base:python3.13-0123456789ab``."""
    parts: Mapping[Platform, Manifest]
    """Each platform's image as the builds left it."""
    key: str
    """The variant's content key, all platforms together."""
    policy: str
    """Fingerprint of the scanner and the signer; see :func:`policy_of`."""

    @property
    def repository(self) -> str:
        """The reference without its tag."""
        return self.reference.rpartition(":")[0]

    @property
    def sources(self) -> list[str]:
        """Each platform's image by digest."""
        return [f"{self.repository}@{part.digest}" for part in self.parts.values()]

    @property
    def annotations(self) -> dict[str, str]:
        """The annotations that it has in every run."""
        return {VERSION: self.variant.label, KEY: self.key, POLICY: self.policy}

    @property
    def claims(self) -> dict[str, str]:
        """What its signature says."""
        return released_claims(self.variant.id, self.key, self.policy)

    def has_the_content_of(self, manifest: Manifest) -> bool:
        """Return whether an index in the registry has exactly these images and annotations.

        This proves nothing: anybody who can push to the registry can write such an index. It only means that the
        index does not have to be created, and that its signature is for this variant, key and policy.
        """
        platforms = {
            platform: part.platforms.get(platform) if part.entries else part.digest
            for platform, part in self.parts.items()
        }
        entries = {entry for part in self.parts.values() for entry in part.entries or (part.digest,)}
        fixed = {name: value for name, value in manifest.annotations.items() if name not in ORIGIN}
        return (
            dict(manifest.platforms) == platforms
            and set(manifest.entries) == entries
            and fixed == self.annotations
        )


def policy_of(release: Release) -> str:
    """Return a fingerprint of the signer and the scanner. An index with another fingerprint does not count as released.

    Exceptions of the scan (``ignore``) are not part of it: they apply from the next change of an image. Neither is what
    the scanner may use, nor where its report goes.
    """
    sign, scan = release.sign, release.scan
    fields = {
        "sign": [sign.tool, sign.key, sign.plugin, sign.format],
        "scan": [
            scan.tool,
            scan.severity,
            scan.fixed_only,
            scan.command,
            scan.image,
            scan.entrypoint,
            dict(scan.env),
        ],
    }
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


def complete(state: State, parts: Mapping[tuple[str, Platform], Manifest | None]) -> list[Index]:
    """Return the index of every published variant that exists on all its platforms."""
    indexes = []
    policy = policy_of(state.loaded.matrix.release)
    for item in (one for one in state.loaded.variants.values() if one.publish):
        parts_of_variant = {
            platform: part for platform in item.platforms if (part := parts[item.id, platform])
        }
        if len(parts_of_variant) == len(item.platforms):
            reference = f"{state.loaded.matrix.repository(item)}:{state.keys[item.id].tag}"
            indexes.append(Index(item, reference, parts_of_variant, state.keys[item.id].index, policy))
    return indexes


def images_of(indexes: Iterable[Index]) -> dict[tuple[str, Platform], str]:
    """Return each platform's image of some indexes, as ``repository@digest``."""
    return {
        (index.variant.id, platform): f"{index.repository}@{part.digest}"
        for index in indexes
        for platform, part in index.parts.items()
    }


def existing(registry: Registry, indexes: Sequence[Index]) -> dict[str, str]:
    """Return the digests, by reference, of the indexes that the registry has with the required content.

    Only their signatures tell whether they were released: see :func:`signed`. Raises :class:`EnvironmentFailure` if
    the registry denies access: the packages exist, because the registry has their platforms' images.
    """
    answers = registry.manifests(index.reference for index in indexes)
    manifests = {name: manifest_or_none(name, answer) for name, answer in answers.items()}
    return {
        index.reference: manifest.digest
        for index in indexes
        if (manifest := manifests[index.reference]) and index.has_the_content_of(manifest)
    }


def by_digest(reference: str, digest: str) -> str:
    """Return ``repository@digest`` of a reference with a tag."""
    return parse_reference(reference).at(digest)


def image_of_entry(entry: ReleaseEntry) -> str:
    """Return ``repository@digest`` of what a release names."""
    return by_digest(str(entry["reference"]).partition("@")[0], str(entry["digest"]))


def images_of_entry(entry: ReleaseEntry, platforms: Mapping[str, str]) -> dict[str, str]:
    """Return the image of each platform, by digest; ``platforms`` are those of the index, empty if it is none.

    What is no index is the image of the entry's platform, if the entry names it.
    """
    reference = str(entry["reference"]).partition("@")[0]
    only = dict.fromkeys(entry.get("platforms", ())[:1], str(entry["digest"]))
    return {platform: by_digest(reference, part) for platform, part in (platforms or only).items()}


def signed(
    indexes: Sequence[Index], digests: Mapping[str, str], refusal: Verifier, log: Callable[[str], None]
) -> set[str]:
    """Return the references whose index has a valid signature: those were scanned and released.

    ``digests`` come from :func:`existing`; ``refusal`` from :func:`image_matrix.publish.signing.verifier`.
    """
    signatures = {
        index.reference: (by_digest(index.reference, digests[index.reference]), index.claims)
        for index in indexes
        if index.reference in digests
    }
    refusals = refusals_of(signatures, refusal)
    for reference, reason in refusals.items():
        log(f"{reference}: {reason}")
    return signatures.keys() - refusals.keys()


def released(
    state: State,
    registry: Registry,
    refusal: Verifier,
    log: Callable[[str], None],
) -> set[tuple[str, Platform]]:
    """Return every leg of the variants whose signed index has exactly the images that their platforms' tags point to.

    An index with the same key can be older, because ``build --force`` rebuilds an image. It can have another policy. Or
    somebody else pushed it: without a valid signature, nothing counts as released, whatever the registry has.

    A platform's image does not count as released if the registry denies access to it: GHCR does so for a package that
    does not exist yet. Raises :class:`EnvironmentFailure` if the registry does not answer, or denies access to an
    index.
    """
    names = references(state)
    answers = registry.manifests(names.values())
    parts = {
        leg: None if isinstance(answer := answers[name], Denied) else manifest_or_none(name, answer)
        for leg, name in names.items()
    }
    indexes = complete(state, parts)
    done = signed(indexes, existing(registry, indexes), refusal, log)
    return {
        (index.variant.id, platform)
        for index in indexes
        if index.reference in done
        for platform in index.variant.platforms
    }


def origin(environment: Mapping[str, str], now: str, index: Index) -> list[str]:
    """Return the annotations of an index, its origin included, as options; they are not part of an image or its key.

    Its commit is the one that its images were built from, if they name one; otherwise the one that is released.

    Source: github.com/opencontainers/image-spec, annotations.md.
    """
    run = build_origin(environment)
    built_from = next(
        (name for part in index.parts.values() if (name := part.annotations.get(REVISION))), None
    )
    annotations = {CREATED: now, REVISION: built_from or run.commit, SOURCE: run.source, RUN: run.run}
    values = {**annotations, **index.annotations}
    return [f"index:{name}={value}" for name, value in values.items() if value]
