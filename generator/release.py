"""A release: what it consists of, and what of it is still to do. The doing is in generator/cli/release.py."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from generator.errors import Failure
from generator.plan import references
from generator.registry.answers import Manifest
from generator.render.file import File
from generator.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from generator.matrix.model import Platform, Variant
    from generator.plan import State
    from generator.registry.client import Registry

FOLDER = "deploy"
DIGESTS = f"{FOLDER}/images.json"
WORKSPACE_KINDS = f"{FOLDER}/kubeflow/workspacekind.yaml"
SOURCE_TRAILER = "Source-Commit"
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

    @property
    def repository(self) -> str:
        """The reference without its tag."""
        return self.reference.rpartition(":")[0]

    @property
    def sources(self) -> list[str]:
        """Each platform's image by digest."""
        return [f"{self.repository}@{part.digest}" for part in self.parts.values()]

    def is_made_of(self, there: Manifest) -> bool:
        """Say whether an index of the registry has exactly these platforms with exactly these images."""
        wanted = {platform: part.platforms.get(platform) for platform, part in self.parts.items()}
        return dict(there.platforms) == wanted


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
    for item in state.loaded.variants.values():
        mine = {platform: part for platform in item.platforms if (part := parts[item.id, platform])}
        if len(mine) == len(item.platforms):
            reference = f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].tag}"
            found.append(Index(item, reference, mine))
    return found


def existing(registry: Registry, indexes: Sequence[Index]) -> dict[str, str]:
    """Return the digests, by reference, of those indexes that the registry has with exactly these images."""
    answers = registry.manifests(index.reference for index in indexes)
    return {
        index.reference: answer.digest
        for index in indexes
        if isinstance(answer := answers[index.reference], Manifest) and index.is_made_of(answer)
    }


def released(state: State, registry: Registry) -> set[tuple[str, Platform]]:
    """Return every leg of the variants whose index is made of exactly what their platforms' tags point to now.

    An index under the same key may be older: an image can be built again by force.
    """
    names = references(state)
    answers = registry.manifests(names.values())
    parts = {
        leg: found if isinstance(found := answers[name], Manifest) else None for leg, name in names.items()
    }
    indexes = complete(state, parts)
    there = existing(registry, indexes)
    done = (index.variant for index in indexes if index.reference in there)
    return {(item.id, platform) for item in done for platform in item.platforms}


def origin(environment: Mapping[str, str], now: str, label: str) -> list[str]:
    """Return what an index says of its origin; never part of an image or its key.

    Source: github.com/opencontainers/image-spec, annotations.md.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    said = {
        "created": now,
        "version": label,
        "revision": environment.get("GITHUB_SHA"),
        "source": f"{server}/{repository}" if server and repository else None,
    }
    return [f"index:org.opencontainers.image.{name}={value}" for name, value in said.items() if value]


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
    state: State, digests: Mapping[str, str], previous: Sequence[Mapping[str, Any]] = ()
) -> dict[str, File]:
    """Return the release branch's ``deploy/``: what users are offered, by tag and digest, and all digests.

    ``digests`` maps variant ids to the digests of their indexes; ``previous`` are the WorkspaceKinds of the last
    release, whose ids stay with redirects.
    """
    from generator.render.deploy.outputs import deploy_files as render_deploy

    matrix, variants = state.loaded.matrix, state.loaded.variants
    references = {item.id: full_reference(state, item, digests[item.id]) for item in variants.values()}
    files = render_deploy(matrix, variants, references, previous) if matrix.catalog.profiles else {}
    return {**files, DIGESTS: File(digest_file(state, digests).encode())}


def refuse_to_offer_nothing(state: State, branch: str, kinds: str) -> None:
    """Raise :class:`Failure` where a branch with profiles would lose them all; the last good ``deploy/`` stays.

    ``kinds`` is the branch's WorkspaceKinds file, which is there as soon as there are profiles.
    """
    from generator.errors import Failure

    if kinds.strip() and not state.loaded.matrix.catalog.profiles:
        raise Failure(
            f"the matrix has no profiles any more, and {branch} offers some: users could start nothing",
            f"put `profiles:` back, or remove {FOLDER}/ from {branch} by hand first",
        )


def full_reference(state: State, item: Variant, digest: str) -> str:
    """Return a variant's index by tag and digest."""
    return f"{state.loaded.matrix.registry}/{item.image}:{state.keys[item.id].tag}@{digest}"


def digest_file(state: State, digests: Mapping[str, str]) -> str:
    """Return every variant with its reference by tag and digest, platforms and key, as JSON."""
    images = {
        item.id: {
            "reference": full_reference(state, item, digests[item.id]),
            "digest": digests[item.id],
            "platforms": list(item.platforms),
            "key": state.keys[item.id].index,
        }
        for item in state.loaded.variants.values()
    }
    return json.dumps({"version": 1, "images": images}, indent=2) + "\n"


def message(changed: Sequence[str], total: int, source: str | None) -> str:
    """Return the commit's message: what changed, and which commit it was released from."""
    shown = "\n".join(f"- {name}" for name in changed) or "- nothing but the deploy files themselves"
    trailer = f"\n{SOURCE_TRAILER}: {source}\n" if source else ""
    return f"Release {len(changed)} of {total} images\n\n{shown}\n{trailer}"


def changed_images(before: str | None, after: Mapping[str, str]) -> list[str]:
    """Return the variants whose digest is another than in the last release's digest file."""
    try:
        old = json.loads(before)["images"] if before else {}
        known = {name: item["digest"] for name, item in old.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        known = {}
    return [name for name, digest in after.items() if known.get(name) != digest]


def summary(changed: Sequence[str], digests: Mapping[str, str], where: str) -> str:
    """Return what a run's summary says of a release, in Markdown; ``where`` says where ``deploy/`` is."""
    rows = [f"| `{name}` | `{digests[name]}` |" for name in changed[:LISTED]]
    table = ["| image | digest |", "| --- | --- |", *rows] if rows else []
    rest = ["", f"… and {len(changed) - LISTED} more"] if len(changed) > LISTED else []
    head = f"**{len(changed)} of {len(digests)} images have a new digest.** {where}"
    return "\n".join(["### Release", "", head, "", *table, *rest, ""])


def source_of(commit_message: str) -> str | None:
    """Return the commit that a release was made from."""
    match = re.search(rf"^{SOURCE_TRAILER}: ([0-9a-f]{{40}})$", commit_message, re.MULTILINE)
    return match[1] if match else None
