"""Image references to digests, with what the registry knows of them: platforms and configuration."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.lock.model import LockedSource, SourceConfig
from image_matrix.registry.answers import ImageConfig, Manifest, words
from image_matrix.registry.reference import parse_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.registry.answers import Refusal

FRONTEND = "frontend"
RECORDED = frozenset({"PATH", "HOME", "CONDA_DIR", "NB_USER", "NB_UID", "NB_GID", "NB_PREFIX"})
"""Variables of a source that the lock records: the paths and the user. Others may be secret."""


@dataclass(frozen=True, slots=True)
class Look:
    """How registries are asked."""

    manifests: Callable[[list[str]], Mapping[str, Manifest | Refusal]]
    configs: Callable[[list[str]], Mapping[str, ImageConfig | Refusal]]


@dataclass(frozen=True, slots=True)
class Sources:
    """Locked references, and what could not be locked."""

    locked: dict[str, LockedSource] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UsedReference:
    """A reference that images need."""

    name: str
    """What users call it: the name of a source, or ``frontend``."""
    platforms: frozenset[str]
    """The platforms of the images that are built from it, or with it, and of the nodes that run it."""

    @property
    def is_frontend(self) -> bool:
        """Whether it builds images, instead of being what they are built from."""
        return self.name == FRONTEND

    def lacks_config(self, entry: LockedSource) -> bool:
        """Say whether an entry has no configuration for one of our platforms."""
        ours = self.platforms.intersection(entry.platforms if entry.offers is None else entry.offers)
        return not self.is_frontend and (entry.offers is None or not ours <= entry.configs.keys())

    def is_unknown(self, entry: LockedSource) -> bool:
        """Say whether an entry lacks something that the registry knows."""
        return entry.offers is None or self.lacks_config(entry)


def used_references(loaded: Loaded) -> dict[str, UsedReference]:
    """Return every reference that the lock looks up: sources that are built upon or offered, and the frontend."""
    network = loaded.matrix.network
    used: dict[str, UsedReference] = {}
    for item in loaded.variants.values():
        for name in item.used_sources:
            reference = loaded.matrix.sources[name]
            before = used.get(reference, UsedReference(name, frozenset()))
            used[reference] = replace(before, platforms=before.platforms.union(item.platforms))
    for name, platforms in offered_sources(loaded.matrix).items():
        reference = loaded.matrix.sources[name]
        before = used.get(reference, UsedReference(name, frozenset()))
        used[reference] = replace(before, platforms=before.platforms.union(platforms))
    if loaded.uses_frontend:
        every = frozenset(platform for item in loaded.variants.values() for platform in item.platforms)
        used[network.frontend] = UsedReference(FRONTEND, every)
    return used


def lock_sources(
    loaded: Loaded, old: Mapping[str, LockedSource], should_upgrade: Callable[[str], bool], look: Look
) -> Sources:
    """Ask the registries for what is not locked, what moves (``moves`` of its name), and what is not fully known."""
    sources = Sources(locked=_kept_frontend(loaded, old))
    used = used_references(loaded)
    asked = {
        reference: place
        for reference, item in used.items()
        if (place := _place(reference, item, old.get(reference), should_upgrade)) is not None
    }
    answers = look.manifests([*asked.values()])
    for reference, item in used.items():
        answer = answers.get(asked.get(reference, ""))
        entry = old.get(reference)
        if isinstance(answer, Manifest):
            entry = _locked(reference, answer, entry, item, look, sources.failures)
        elif answer is not None:
            sources.failures[reference] = words(answer)
        if entry is not None:
            sources.locked[reference] = entry
    return sources


def _kept_frontend(loaded: Loaded, old: Mapping[str, LockedSource]) -> dict[str, LockedSource]:
    """Keep the entry of the frontend, which an overlay with ``builtin_frontend`` does not use but others do."""
    reference = loaded.matrix.network.frontend
    return {reference: old[reference]} if reference in old else {}


def _place(
    reference: str, used: UsedReference, entry: LockedSource | None, should_upgrade: Callable[[str], bool]
) -> str | None:
    """Return what to ask for: the reference; the locked digest, if only facts are missing; or nothing."""
    if entry is None or should_upgrade(used.name) or should_upgrade(reference):
        return reference
    return parse_reference(reference).at(entry.digest) if used.is_unknown(entry) else None


def _locked(
    reference: str,
    answer: Manifest,
    old: LockedSource | None,
    used: UsedReference,
    look: Look,
    failures: dict[str, str],
) -> LockedSource:
    """Keep the old index if the images of our platforms are the same: other platforms' images move it, too."""
    entry = (_of_index if answer.platforms else _of_one_image)(reference, answer, used, look, failures)
    ours = entry.platforms
    same = old is not None and ours and all(old.platforms.get(name) == item for name, item in ours.items())
    return replace(entry, digest=old.digest, platforms=old.platforms) if old and same else entry


def _of_index(
    reference: str, answer: Manifest, used: UsedReference, look: Look, failures: dict[str, str]
) -> LockedSource:
    ours = {name: digest for name, digest in answer.platforms.items() if name in used.platforms}
    configs = {} if used.is_frontend else _configs(reference, ours, look, failures)
    recorded = {platform: _recorded(config) for platform, config in configs.items()}
    return LockedSource(answer.digest, ours, tuple(sorted(answer.platforms)), recorded)


def _of_one_image(
    reference: str, answer: Manifest, used: UsedReference, look: Look, failures: dict[str, str]
) -> LockedSource:
    """Lock a manifest that is not in an index: only its configuration has its platform."""
    config = _configs(reference, {"": answer.digest}, look, failures).get("")
    if config is None:
        return LockedSource(answer.digest)
    if not config.platform:
        failures[reference] = "its configuration: it names no platform"
        return LockedSource(answer.digest)
    recorded = {} if used.is_frontend else {config.platform: _recorded(config)}
    return LockedSource(answer.digest, {config.platform: answer.digest}, (config.platform,), recorded)


def _configs(
    reference: str, images: Mapping[str, str], look: Look, failures: dict[str, str]
) -> dict[str, ImageConfig]:
    """Return the configurations of images, by the same names as their digests."""
    names: dict[str, list[str]] = {}
    for name, digest in images.items():
        names.setdefault(parse_reference(reference).at(digest), []).append(name)
    configs: dict[str, ImageConfig] = {}
    for place, answer in look.configs([*names]).items():
        if isinstance(answer, ImageConfig):
            configs |= dict.fromkeys(names[place], answer)
        else:
            failures[reference] = f"its configuration: {words(answer)}"
    return configs


def _recorded(config: ImageConfig) -> SourceConfig:
    """Return what the lock records of a configuration."""
    variables = {name: value for name, value in config.environment.items() if value and name in RECORDED}
    return SourceConfig(
        config.user, _filled(config.entrypoint), _filled(config.command), config.workdir, variables
    )


def _filled(arguments: Iterable[str]) -> tuple[str, ...]:
    return tuple(argument for argument in arguments if argument)
