"""A release: what it consists of, and what of it is still to do. ``cli/release.py`` carries it out."""

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

Entry: TypeAlias = "Mapping[str, Any]"
"""What the digest file says of a variant: ``reference``, ``digest``, ``platforms``, ``key``, perhaps ``instead_of``."""
FOLDER = "deploy"
DIGESTS = f"{FOLDER}/images.json"
WORKSPACE_KINDS = f"{FOLDER}/kubeflow/workspacekind.yaml"
POLICY = "image-matrix.policy"
"""The annotation of an index that says under which policy it was released."""
KEY = "image-matrix.key"
"""The annotation of an index that says which content key it was released for: a signature is for this one alone."""
VERSION = "org.opencontainers.image.version"
ORIGIN = tuple(f"org.opencontainers.image.{name}" for name in ("created", "revision", "source"))
"""Annotations that differ from run to run; an index is the same one whatever they say."""
REPAIR = (
    f"correct {DIGESTS} on that branch, or revert the commit that changed it; if you delete it, the next release "
    "offers the newest images, and those that were taken back, too"
)
"""What helps against a digest file that cannot be read."""
SOURCE_TRAILER = "Source-Commit"
VERIFIERS = 8
"""Signatures verified at once."""
LISTED = 100
"""Images that a run's summary lists."""


@dataclass(frozen=True, slots=True)
class Index:
    """What a variant's immutable index has to be."""

    variant: Variant
    reference: str
    """Full reference of the immutable tag: ``ghcr.io/example/notebooks/base:python3.13-0123456789ab``."""
    parts: Mapping[Platform, Manifest]
    """Each platform's image as the builds left it."""
    key: str
    """The variant's content key, all platforms together."""
    policy: str
    """What it has to be scanned and signed by; see :func:`policy_of`."""

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
        """What it says of itself in every run."""
        return {VERSION: self.variant.label, KEY: self.key, POLICY: self.policy}

    def has_the_content_of(self, manifest: Manifest) -> bool:
        """Say whether an index of the registry names exactly these images, and says of itself what this one does.

        That is no proof of anything: everybody who may push to the registry can write such an index. It only says
        that another one need not be made, and that a signature of it is for this variant, key and policy.
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
    """Return a fingerprint of who signs and who scans: under another one, nothing counts as released.

    Exceptions of the scan (``ignore``) are not part of it: the next change of an image meets them.
    """
    sign, scan = release.sign, release.scan
    said = {
        "sign": [sign.tool, sign.key, sign.plugin],
        "scan": [scan.tool, scan.severity, scan.fixed_only, scan.command, scan.image],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def required(state: State, parts: Mapping[tuple[str, Platform], Manifest | None]) -> list[Index]:
    """Return every variant's index; raises :class:`Failure` that names each platform that is missing."""
    missing = [f"{name} ({platform})" for (name, platform), part in parts.items() if part is None]
    if missing:
        raise Failure(
            f"nothing is released: not built and tested: {listed(missing, 5)}",
            "run the workflow for all images, without `images`",
        )
    return complete(state, parts)


def complete(state: State, parts: Mapping[tuple[str, Platform], Manifest | None]) -> list[Index]:
    """Return the index of every variant that is there on all its platforms."""
    found = []
    policy = policy_of(state.loaded.matrix.release)
    for item in state.loaded.variants.values():
        mine = {platform: part for platform in item.platforms if (part := parts[item.id, platform])}
        if len(mine) == len(item.platforms):
            reference = f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].tag}"
            found.append(Index(item, reference, mine, state.keys[item.id].index, policy))
    return found


def existing(registry: Registry, indexes: Sequence[Index]) -> dict[str, str]:
    """Return the digests, by reference, of those indexes that the registry has with the content that they have to have.

    Whether they were released is a matter of their signatures: see :func:`signed`. Raises :class:`EnvironmentFailure`
    where the registry refuses an answer: the packages exist, since it has their platforms' images.
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
    digests: Mapping[str, str], refusal: Callable[[str], str | None], tell: Callable[[str], None]
) -> set[str]:
    """Return those references whose index carries a signature that counts: those were scanned, and released.

    ``digests`` are of :func:`existing`. ``refusal`` says why a signature of ``repository@digest`` does not count, or
    ``None`` where it does; see :func:`image_matrix.publish.signing.verifier`.
    """
    from concurrent.futures import ThreadPoolExecutor

    images = [by_digest(reference, digest) for reference, digest in digests.items()]
    with ThreadPoolExecutor(VERIFIERS) as pool:
        refusals = dict(zip(digests, pool.map(refusal, images), strict=True))
    for reference, why in refusals.items():
        if why:
            tell(f"{reference}: {why}")
    return {reference for reference, why in refusals.items() if why is None}


def released(
    state: State,
    registry: Registry,
    refusal: Callable[[str], str | None],
    tell: Callable[[str], None],
) -> set[tuple[str, Platform]]:
    """Return every leg of the variants whose signed index is made of exactly what their platforms' tags point to now.

    An index under the same key may be older: an image can be built again by force. Or another policy may have been in
    force. Or it is somebody else's: without a signature that counts nothing is released, whatever the registry says.

    A platform's image that the registry refuses to speak of is not released: GHCR refuses so for a package that does
    not exist yet. Raises :class:`EnvironmentFailure` where it gives no answer, or refuses one about an index.
    """
    names = references(state)
    answers = registry.manifests(names.values())
    parts = {
        leg: None if isinstance(answer := answers[name], Denied) else manifest_or_none(name, answer)
        for leg, name in names.items()
    }
    indexes = complete(state, parts)
    done = signed(existing(registry, indexes), refusal, tell)
    return {
        (index.variant.id, platform)
        for index in indexes
        if index.reference in done
        for platform in index.variant.platforms
    }


def origin(environment: Mapping[str, str], now: str, index: Index) -> list[str]:
    """Return what an index says of itself and of its origin; never part of an image or its key.

    Source: github.com/opencontainers/image-spec, annotations.md.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    source = f"{server}/{repository}" if server and repository else None
    where = dict(zip(ORIGIN, (now, environment.get("GITHUB_SHA"), source), strict=True))
    every = {**where, **index.annotations}
    return [f"index:{name}={value}" for name, value in every.items() if value]


def moving_tags(state: State) -> dict[str, str]:
    """Return the tags that follow the newest release: full reference to variant id.

    A variant's label, and ``latest`` for the first variant of an image.
    """
    found: dict[str, str] = {}
    for item in state.loaded.variants.values():
        repository = f"{state.loaded.matrix.registry}/{item.image}"
        found.setdefault(f"{repository}:latest", item.id)
        found[f"{repository}:{item.label}"] = item.id
    return found


def deploy_files(
    state: State, entries: Mapping[str, Entry], previous: Sequence[Mapping[str, Any]] = ()
) -> dict[str, File]:
    """Return the release branch's ``deploy/``: what users are offered, by tag and digest, and all digests.

    ``previous`` are the WorkspaceKinds of the last release, whose ids stay with redirects.
    """
    matrix, variants = state.loaded.matrix, state.loaded.variants
    references = {name: entry["reference"] for name, entry in entries.items()}
    files = render_deploy(matrix, variants, references, previous) if matrix.catalog.profiles else {}
    text = json.dumps({"version": 1, "images": entries}, indent=2) + "\n"
    return {**files, DIGESTS: File(text.encode())}


def refuse_to_offer_nothing(state: State, branch: str, kinds: str) -> None:
    """Raise :class:`Failure` where a branch with profiles would lose them all; the last good ``deploy/`` stays.

    ``kinds`` is the branch's WorkspaceKinds file, which is there as soon as there are profiles.
    """
    if kinds.strip() and not state.loaded.matrix.catalog.profiles:
        raise Failure(
            f"the matrix has no profiles any more, and {branch} offers some: users could start nothing",
            f"put `profiles:` back, or remove {FOLDER}/ from {branch} by hand first",
        )


def full_reference(state: State, item: Variant, digest: str) -> str:
    """Return a variant's index by tag and digest."""
    return f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].tag}@{digest}"


def entries_of(state: State, digests: Mapping[str, str]) -> dict[str, Entry]:
    """Return what the digest file says of every variant; ``digests`` are those of their indexes by variant id."""
    return {
        item.id: {
            "reference": full_reference(state, item, digests[item.id]),
            "digest": digests[item.id],
            "platforms": list(item.platforms),
            "key": state.keys[item.id].index,
        }
        for item in state.loaded.variants.values()
    }


def read_entries(text: str | None) -> dict[str, Entry]:
    """Read a digest file of the release branch; nothing where there is none.

    Raises :class:`Failure` for one that cannot be read: it says which images were taken back by hand, and without it
    they would be offered again.
    """
    if not text:
        return {}
    try:
        images: dict[str, Entry] = json.loads(text)["images"]
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
    released: Mapping[str, Entry], offered: Mapping[str, Entry], new: Mapping[str, Entry]
) -> dict[str, Entry]:
    """Return what is offered of images that somebody took back by hand and that have not been built anew since.

    ``released`` is what the last release wrote, ``offered`` what the branch says now. ``instead_of`` remembers the
    digest that was taken back for the releases that follow.
    """
    return {
        name: {**offered[name], "instead_of": entry["digest"]}
        for name, entry in new.items()
        if name in offered and _is_taken_back(released.get(name), offered[name], entry)
    }


def _is_taken_back(released: Entry | None, offered: Entry, new: Entry) -> bool:
    if offered.get("instead_of") == new["digest"]:
        return True
    return released is not None and offered["digest"] != released["digest"] == new["digest"]


def message(changed: Sequence[str], total: int, source: str | None) -> str:
    """Return the commit's message: what changed, and which commit it was released from."""
    shown = "\n".join(f"- {name}" for name in changed) or "- nothing but the deploy files themselves"
    trailer = f"\n{SOURCE_TRAILER}: {source}\n" if source else ""
    return f"Release {len(changed)} of {total} images\n\n{shown}\n{trailer}"


def changed_images(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> list[str]:
    """Return the variants whose digest is another than before."""
    return [
        name
        for name, entry in after.items()
        if name not in before or before[name]["digest"] != entry["digest"]
    ]


def summary(changed: Sequence[str], entries: Mapping[str, Entry], where: str) -> str:
    """Return what a run's summary says of a release, in Markdown; ``where`` says where ``deploy/`` is."""
    rows = [f"| `{name}` | `{entries[name]['digest']}` |" for name in changed[:LISTED]]
    table = ["| image | digest |", "| --- | --- |", *rows] if rows else []
    rest = ["", f"… and {len(changed) - LISTED} more"] if len(changed) > LISTED else []
    head = f"**{len(changed)} of {len(entries)} images have a new digest.** {where}"
    return "\n".join(["### Release", "", head, "", *table, *rest, ""])


def source_of(commit_message: str) -> str | None:
    """Return the commit that a release was made from."""
    match = re.search(rf"^{SOURCE_TRAILER}: ([0-9a-f]{{40}})$", commit_message, re.MULTILINE)
    return match[1] if match else None
