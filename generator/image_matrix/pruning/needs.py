"""Works out what must stay: by the matrix, by what was released, and by open pull requests."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.workflow import staging_of
from image_matrix.planning.plan import references
from image_matrix.planning.registry_locations import CANDIDATE, cache_reference, staged
from image_matrix.pruning.model import RepositoryNeeds
from image_matrix.pruning.tag_forms import ImageTag, read_tag
from image_matrix.registry.reference import DIGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.model import Matrix
    from image_matrix.planning.plan import State

_REFERENCE = re.compile(
    r"([a-z0-9][a-z0-9._:/-]*/[a-z0-9._/-]+)(?::([A-Za-z0-9_][A-Za-z0-9_.-]*))?@(sha256:[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Revision:
    """A matrix whose images must stay."""

    state: State
    reason: str
    """``a key of the matrix``"""
    proposed: bool = False
    """Whether it is of a pull request, whose images are below the staging path."""
    builds: bool = True
    """Whether something may still be built of it, with caches."""


@dataclass(frozen=True, slots=True)
class Released:
    """What releases name, as texts of ``deploy/`` and of digest files have it."""

    digests: Mapping[str, str] = field(default_factory=dict)
    """Digest to the reason, of the releases that are kept."""
    references: frozenset[tuple[str, str]] = frozenset()
    """Repositories with digests, of the releases that are kept."""
    tags: frozenset[tuple[str, str]] = frozenset()
    """Repositories with tags, of all releases."""


def released(kept: Mapping[str, Iterable[str]], every: Iterable[str]) -> Released:
    """Return what releases name: ``kept`` has the texts of those that are kept, by reason, ``every`` those of all.

    Of two reasons for a digest, the first counts.
    """
    digests: dict[str, str] = {}
    references: set[tuple[str, str]] = set()
    for reason, texts in kept.items():
        for text in texts:
            for digest in DIGEST.findall(text):
                digests.setdefault(digest, reason)
            references |= {(name, digest) for name, _, digest in _REFERENCE.findall(text)}
    tags = {(name, tag) for text in every for name, tag, _ in _REFERENCE.findall(text) if tag}
    return Released(digests, frozenset(references), frozenset(tags))


def repositories(matrix: Matrix, revisions: Sequence[Revision], past: Released) -> list[str]:
    """Return the repositories of images and of pull requests: of the matrix, and of images that it had."""
    inside, staging = f"{matrix.registry}/", _staging(matrix)
    now = [_split(name)[0] for one in revisions for name in references(one.state).values()]
    named = [*now, *sorted(name for name, _ in past.tags)]
    images = [
        name for name in dict.fromkeys(named) if name.startswith(inside) and not name.startswith(staging)
    ]
    pulled = [f"{staging}{name.removeprefix(inside)}" for name in images] if matrix.workflow.rendered else []
    return [*images, *pulled]


def needs_of(
    repository: str,
    matrix: Matrix,
    revisions: Sequence[Revision],
    moving: Iterable[str],
    past: Released,
    unknown: str | None = None,
) -> RepositoryNeeds:
    """Return what must stay in one repository.

    ``moving`` are full references of tags that releases move; ``unknown`` says why open pull requests are not known.
    """
    staging = _staging(matrix)
    pulled = repository.startswith(staging)
    named = _of_pull_requests(revisions) if pulled else _of_images(revisions, moving)
    tags = {
        tag: reason for full, reason in named.items() for name, tag in [_split(full)] if name == repository
    }
    images = f"{matrix.registry}/{repository.removeprefix(staging)}" if pulled else repository
    return RepositoryNeeds(
        role="staging" if pulled else "images",
        tags=tags,
        digests=past.digests,
        named=frozenset(digest for name, digest in past.references if name == repository),
        labels=_labels(images, revisions, past),
        unknown=unknown if pulled else None,
    )


def _staging(matrix: Matrix) -> str:
    return f"{staging_of(matrix.registry, matrix.workflow)}/"


def _split(reference: str) -> tuple[str, str]:
    name, _, tag = reference.rpartition(":")
    return name, tag


def _of_images(revisions: Sequence[Revision], moving: Iterable[str]) -> dict[str, str]:
    """Return the tags that must stay in the repositories of images, with the reasons; the first one counts."""
    tags = dict.fromkeys(moving, "a tag that releases move")
    for one in revisions:
        state = one.state
        indexes = [
            f"{state.loaded.matrix.repository(item)}:{state.keys[item.id].tag}"
            for item in state.loaded.variants.values()
        ]
        images = [*references(state).values(), *indexes]
        caches = [cache_reference(state, *leg) for leg in references(state)] if one.builds else []
        tags = (
            dict.fromkeys([*images, *(f"{name}{CANDIDATE}" for name in images), *caches], one.reason) | tags
        )
    return tags


def _of_pull_requests(revisions: Sequence[Revision]) -> dict[str, str]:
    """Return the tags that must stay below the staging path: of images that pull requests build, and their caches."""
    built = {name for one in revisions if not one.proposed for name in references(one.state).values()}
    tags: dict[str, str] = {}
    for one in revisions:
        if one.proposed:
            target = staged(one.state)
            legs = [leg for leg, name in references(one.state).items() if name not in built]
            images = [references(target)[leg] for leg in legs]
            caches = [cache_reference(target, *leg) for leg in legs]
            tags = (
                dict.fromkeys([*images, *(f"{name}{CANDIDATE}" for name in images), *caches], one.reason)
                | tags
            )
    return tags


def _labels(repository: str, revisions: Sequence[Revision], past: Released) -> frozenset[str]:
    """Return the labels of variants that a repository of images has, or had."""
    forms = (read_tag(tag) for name, tag in past.tags if name == repository)
    had = {form.label for form in forms if isinstance(form, ImageTag)}
    has = {
        item.label
        for one in revisions
        for item in one.state.loaded.variants.values()
        if one.state.loaded.matrix.repository(item) == repository
    }
    return frozenset(had | has)
