"""Plans a release: the indexes it needs, those that exist, and the files that it deploys.

``cli/release.py`` executes the plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from image_matrix.errors import Failure
from image_matrix.output_tree.files import File
from image_matrix.planning.plan import references
from image_matrix.registry.answers import Denied, manifest_or_none
from image_matrix.registry.reference import parse_reference
from image_matrix.render.kubernetes.outputs import deploy_files as render_deploy
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from image_matrix.config.model import Platform, Variant
    from image_matrix.config.release import Release
    from image_matrix.planning.plan import State
    from image_matrix.registry.answers import Manifest
    from image_matrix.registry.client import Registry

ReleaseEntry: TypeAlias = "Mapping[str, Any]"
"""A variant in the digest file: ``reference``, ``digest``, ``platforms``, ``key``, optionally ``instead_of``."""
FOLDER = "deploy"
DIGESTS = f"{FOLDER}/images.json"
WORKSPACE_KINDS = f"{FOLDER}/kubeflow/workspacekind.yaml"
POLICY = "image-matrix.policy"
"""The annotation of an index with the policy that it was released under."""
KEY = "image-matrix.key"
"""The annotation of an index with the content key that it was released for: a signature counts for this key only."""
VERSION = "org.opencontainers.image.version"
ORIGIN = tuple(f"org.opencontainers.image.{name}" for name in ("created", "revision", "source"))
"""Annotations that differ between runs; they do not decide whether two indexes are equal."""
REPAIR = (
    f"correct {DIGESTS} on that branch, or revert the commit that changed it; if you delete it, the next release "
    "offers the newest images, also those that were rolled back"
)
"""The remedy for a digest file that cannot be read."""
SOURCE_TRAILER = "Source-Commit"
VERIFIERS = 8
"""Signatures that are verified at the same time."""
LISTED = 100
"""Number of images that a run's summary lists."""


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

    Exceptions of the scan (``ignore``) are not part of it: they apply from the next change of an image.
    """
    sign, scan = release.sign, release.scan
    fields = {
        "sign": [sign.tool, sign.key, sign.plugin],
        "scan": [scan.tool, scan.severity, scan.fixed_only, scan.command, scan.image],
    }
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


def required(state: State, parts: Mapping[tuple[str, Platform], Manifest | None]) -> list[Index]:
    """Return every variant's index; raises a :class:`Failure` that names each missing platform."""
    missing = [f"{name} ({platform})" for (name, platform), part in parts.items() if part is None]
    if missing:
        raise Failure(
            f"nothing was released: not built and tested: {listed(missing, 5)}",
            "run the workflow for all images: leave its input `images` empty",
        )
    _refuse_other_platforms(parts)
    return complete(state, parts)


def _refuse_other_platforms(parts: Mapping[tuple[str, Platform], Manifest | None]) -> None:
    """Raise :class:`Failure` if the tag of a platform points to an index of other platforms."""
    for (name, platform), part in parts.items():
        if part and part.platforms and platform not in part.platforms:
            raise Failure(
                f"nothing is released: what {name} has for {platform} is for {listed(part.platforms, 5)}",
                f"build it again: `image-matrix build --push --force --platform {platform} {name}`",
            )


def complete(state: State, parts: Mapping[tuple[str, Platform], Manifest | None]) -> list[Index]:
    """Return the index of every variant that exists on all its platforms."""
    indexes = []
    policy = policy_of(state.loaded.matrix.release)
    for item in state.loaded.variants.values():
        parts_of_variant = {
            platform: part for platform in item.platforms if (part := parts[item.id, platform])
        }
        if len(parts_of_variant) == len(item.platforms):
            reference = f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].tag}"
            indexes.append(Index(item, reference, parts_of_variant, state.keys[item.id].index, policy))
    return indexes


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


def signed(
    digests: Mapping[str, str], refusal: Callable[[str], str | None], log: Callable[[str], None]
) -> set[str]:
    """Return the references whose index has a valid signature: those were scanned and released.

    ``digests`` come from :func:`existing`. ``refusal`` returns why ``repository@digest`` has no valid signature, or
    ``None`` if it has one; see :func:`image_matrix.publish.signing.verifier`.
    """
    from concurrent.futures import ThreadPoolExecutor

    images = [by_digest(reference, digest) for reference, digest in digests.items()]
    with ThreadPoolExecutor(VERIFIERS) as pool:
        refusals = dict(zip(digests, pool.map(refusal, images), strict=True))
    for reference, reason in refusals.items():
        if reason:
            log(f"{reference}: {reason}")
    return {reference for reference, reason in refusals.items() if reason is None}


def released(
    state: State,
    registry: Registry,
    refusal: Callable[[str], str | None],
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
    done = signed(existing(registry, indexes), refusal, log)
    return {
        (index.variant.id, platform)
        for index in indexes
        if index.reference in done
        for platform in index.variant.platforms
    }


def origin(environment: Mapping[str, str], now: str, index: Index) -> list[str]:
    """Return the annotations of an index, its origin included, as options; they are not part of an image or its key.

    Source: github.com/opencontainers/image-spec, annotations.md.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    source = f"{server}/{repository}" if server and repository else None
    annotations = dict(zip(ORIGIN, (now, environment.get("GITHUB_SHA"), source), strict=True))
    values = {**annotations, **index.annotations}
    return [f"index:{name}={value}" for name, value in values.items() if value]


def moving_tags(state: State) -> dict[str, str]:
    """Return the tags that follow the newest release: full reference to variant id.

    They are each variant's label, and ``latest`` for the first variant of an image.
    """
    tags: dict[str, str] = {}
    for item in state.loaded.variants.values():
        repository = f"{state.loaded.matrix.registry}/{item.image}"
        tags.setdefault(f"{repository}:latest", item.id)
        tags[f"{repository}:{item.label}"] = item.id
    return tags


def deploy_files(
    state: State, entries: Mapping[str, ReleaseEntry], previous: Sequence[Mapping[str, Any]] = ()
) -> dict[str, File]:
    """Return the release branch's ``deploy/``: the profiles with images by tag and digest, and all digests.

    ``previous`` are the WorkspaceKinds of the last release; their ids are kept, with redirects.
    """
    matrix, variants = state.loaded.matrix, state.loaded.variants
    references = {name: entry["reference"] for name, entry in entries.items()}
    files = render_deploy(matrix, variants, references, previous) if matrix.catalog.profiles else {}
    text = json.dumps({"version": 1, "images": entries}, indent=2) + "\n"
    return {**files, DIGESTS: File(text.encode())}


def refuse_to_offer_nothing(state: State, branch: str, kinds: str) -> None:
    """Raise :class:`Failure` if a branch with profiles would lose all of them; the last good ``deploy/`` is kept.

    ``kinds`` is the text of the branch's WorkspaceKinds file, which exists if the branch has profiles.
    """
    if kinds.strip() and not state.loaded.matrix.catalog.profiles:
        raise Failure(
            f"the matrix has no profiles, but {branch} has some: users could not start any server",
            f"restore `profiles:`, or first remove {FOLDER}/ from {branch} by hand",
        )


def full_reference(state: State, item: Variant, digest: str) -> str:
    """Return a variant's index by tag and digest."""
    return f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].tag}@{digest}"


def entries_of(state: State, digests: Mapping[str, str]) -> dict[str, ReleaseEntry]:
    """Return the entry of every variant in the digest file; ``digests`` has the digest of its index by variant id."""
    return {
        item.id: {
            "reference": full_reference(state, item, digests[item.id]),
            "digest": digests[item.id],
            "platforms": list(item.platforms),
            "key": state.keys[item.id].index,
        }
        for item in state.loaded.variants.values()
    }


def read_entries(text: str | None) -> dict[str, ReleaseEntry]:
    """Return the entries of a digest file of the release branch; no entries if ``text`` is ``None``.

    Raises :class:`Failure` if it cannot be read: it records the images that were rolled back by hand; without it, the
    release would offer them again.
    """
    if not text:
        return {}
    try:
        images: dict[str, ReleaseEntry] = json.loads(text)["images"]
        wrong = [name for name, item in images.items() if not _is_entry(item)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{DIGESTS} of the release branch cannot be read: {_problem(error)}", REPAIR) from error
    if wrong:
        problem = f"without `digest` or `reference`: {listed(wrong, 3)}"
        raise Failure(f"{DIGESTS} of the release branch cannot be read: {problem}", REPAIR)
    return images


def _is_entry(item: object) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(name), str) for name in ("digest", "reference"))


def _problem(error: Exception) -> str:
    return f"it is not JSON: {error}" if isinstance(error, ValueError) else "it has no mapping `images`"


def rolled_back(
    released: Mapping[str, ReleaseEntry], offered: Mapping[str, ReleaseEntry], new: Mapping[str, ReleaseEntry]
) -> dict[str, ReleaseEntry]:
    """Return the current entries of images that were rolled back by hand and have not been rebuilt since.

    ``released`` is what the last release wrote, ``offered`` what the branch has now. ``instead_of`` stores the digest
    that was rolled back, for the next releases.
    """
    return {
        name: {**offered[name], "instead_of": entry["digest"]}
        for name, entry in new.items()
        if name in offered and _is_taken_back(released.get(name), offered[name], entry)
    }


def _is_taken_back(released: ReleaseEntry | None, offered: ReleaseEntry, new: ReleaseEntry) -> bool:
    if offered.get("instead_of") == new["digest"]:
        return True
    return released is not None and offered["digest"] != released["digest"] == new["digest"]


def message(changed: Sequence[str], total: int, source: str | None) -> str:
    """Return the commit's message: the changed images, and the commit that they were released from."""
    shown = "\n".join(f"- {name}" for name in changed) or "- only the deploy files"
    trailer = f"\n{SOURCE_TRAILER}: {source}\n" if source else ""
    return f"Release {len(changed)} of {total} images\n\n{shown}\n{trailer}"


def changed_images(before: Mapping[str, ReleaseEntry], after: Mapping[str, ReleaseEntry]) -> list[str]:
    """Return the variants whose digest has changed."""
    return [
        name
        for name, entry in after.items()
        if name not in before or before[name]["digest"] != entry["digest"]
    ]


def summary(changed: Sequence[str], entries: Mapping[str, ReleaseEntry], location: str) -> str:
    """Return a run's summary of a release, in Markdown; ``location`` is a sentence that says where ``deploy/`` is."""
    rows = [f"| `{name}` | `{entries[name]['digest']}` |" for name in changed[:LISTED]]
    table = ["| image | digest |", "| --- | --- |", *rows] if rows else []
    rest = ["", f"… and {len(changed) - LISTED} more"] if len(changed) > LISTED else []
    head = f"**{len(changed)} of {len(entries)} images have a new digest.** {location}"
    return "\n".join(["### Release", "", head, "", *table, *rest, ""])


def source_of(commit_message: str) -> str | None:
    """Return the commit that a release was made from."""
    match = re.search(rf"^{SOURCE_TRAILER}: ([0-9a-f]{{40}})$", commit_message, re.MULTILINE)
    return match[1] if match else None
