"""What the lock knows of sources, compared with what the matrix does with them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from image_matrix.config.at_site import declared_path
from image_matrix.config.lineage import lineage
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.sources import used_references
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Variant
    from image_matrix.config.platforms import Platform
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.lock.model import LockedSource, SourceConfig
    from image_matrix.lock.sources import UsedReference

MOST_SHOWN = 3
MOST_PLATFORMS = 5
ROOT = ("", "0", "root")
NOTEBOOK_VARIABLES = ("NB_USER", "NB_UID", "NB_PREFIX")
"""Variables that the start scripts of Jupyter's and Kubeflow's images read; a bare distribution has none of them."""
SERVERS = frozenset(
    {
        *("start-notebook.sh", "start-notebook.py", "start-singleuser.sh", "start-singleuser.py"),
        *("jupyter", "jupyter-lab", "jupyter-notebook", "jupyterhub-singleuser", "run_jupyter.sh"),
        *("code-server", "rserver", "rstudio-server"),
    }
)
"""Programs that finished notebook images start."""


def source_findings(
    loaded: Loaded, locked: Mapping[str, LockedSource], custom_contract: Collection[str]
) -> list[Finding]:
    """Return what is wrong with the use of sources, as far as the lock knows them.

    Kinds in ``custom_contract`` decide on the user, home and entry point of a source themselves.
    """
    roots = [item for item in loaded.variants.values() if item.source]
    generated = [item for item in roots if item.build is None]
    return [
        *_missing_platforms(loaded, locked, roots),
        *_missing_for_frontend(loaded, locked),
        *_not_for_nodes(loaded, locked),
        *_finished(
            loaded,
            locked,
            [item for item in generated if item.kind not in custom_contract and not item.foreign],
        ),
    ]


def _not_for_nodes(loaded: Loaded, locked: Mapping[str, LockedSource]) -> Iterator[Finding]:
    """Report sources in profiles that lack a platform of the nodes of a site, once at each place."""
    seen: set[tuple[Path, Platform]] = set()
    for catalog in loaded.matrix.catalogs.values():
        for profile in catalog.profiles.values():
            for key, choice in profile.images.choices.items():
                entry = locked.get(loaded.matrix.sources.get(choice.name, ""))
                path = ("profiles", profile.slug, "images", *profile.images.place(key))
                place = declared_path(path, catalog.places)
                for platform in catalog.site.platforms if entry and entry.offers is not None else ():
                    if entry and platform not in (entry.offers or ()) and (place, platform) not in seen:
                        seen.add((place, platform))
                        advice = f"take a source that has {platform}, or offer another image there"
                        fields = {"profile": profile.slug, "image": choice.name, "platform": platform}
                        yield rules.NOT_FOR_NODES.at(place, advice=advice, **fields)


def unknown_sources(loaded: Loaded, locked: Mapping[str, LockedSource]) -> list[Finding]:
    """Return, for ``check --locked``, the references whose platforms or configuration the lock does not know."""
    return [
        rules.SOURCE_UNKNOWN.at(
            ("network", "frontend") if item.is_frontend else ("sources", item.name),
            facts=facts,
            what=_called(reference, item),
            name=item.name,
        )
        for reference, item, facts in _unknown(loaded, locked)
    ]


def _called(reference: str, item: UsedReference) -> str:
    return f"the frontend {reference}" if item.is_frontend else f"source {item.name}"


def _unknown(loaded: Loaded, locked: Mapping[str, LockedSource]) -> Iterator[tuple[str, UsedReference, str]]:
    """Yield the references that are not fully known, and what is missing; what floats is reported elsewhere."""
    for reference, item in used_references(loaded).items():
        entry = locked.get(reference)
        if entry is None and "@" not in reference:
            continue
        facts = {
            "platforms": entry is None or entry.offers is None,
            "configuration": not item.is_frontend and (entry is None or item.lacks_config(entry)),
        }
        missing = [name for name, is_missing in facts.items() if is_missing]
        if missing:
            yield reference, item, f"the {' and '.join(missing)}"


def from_path(loaded: Loaded, variant: Variant) -> Path:
    """Return where a variant's source is named: in its image or in an override."""
    origin = resolution_of(loaded.matrix, loaded.variants, variant).scalars["source"].origin
    return (*origin.path, "from")


def _missing_platforms(
    loaded: Loaded, locked: Mapping[str, LockedSource], roots: list[Variant]
) -> Iterator[Finding]:
    """Report, once at each ``from:``, the platforms that the source does not have."""
    groups: dict[tuple[Path, str, tuple[Platform, ...]], list[Variant]] = {}
    for item in roots:
        entry = locked.get(loaded.matrix.sources[item.source or ""])
        if entry and entry.offers is not None:
            missing = tuple(platform for platform in item.platforms if platform not in entry.offers)
            if missing:
                groups.setdefault((from_path(loaded, item), item.source or "", missing), []).append(item)
    for (path, source, missing), starting in groups.items():
        offers = locked[loaded.matrix.sources[source]].offers or ()
        affected = _built_for(loaded, starting, missing)
        yield rules.PLATFORM_NOT_IN_SOURCE.at(
            path,
            what=source,
            missing=_and(missing),
            offers=listed(offers, MOST_PLATFORMS),
            images=f"{listed(affected, MOST_SHOWN)} would have the wrong architecture",
            advice=_platform_advice(path, starting[0], offers, missing),
        ).beside((("sources", source), "the lock knows the platforms of this image"))


def _platform_advice(
    path: Path, variant: Variant, offers: Collection[Platform], missing: Collection[Platform]
) -> str:
    ours = [platform for platform in variant.platforms if platform in offers]
    other_source = f"take a source that has {_and(missing)}"
    if not ours:
        return other_source
    place = "in this override" if "overrides" in path else f"for `{variant.image}`"
    return f"write `platforms: [{', '.join(ours)}]` {place}, or {other_source}"


def _built_for(loaded: Loaded, starting: list[Variant], platforms: Collection[Platform]) -> list[str]:
    """Return the given variants and their descendants, if they are built for one of the platforms."""
    roots = {item.id for item in starting}
    return [
        item.id
        for item in loaded.variants.values()
        if roots & {one.id for one in lineage(loaded.variants, item)} and set(platforms) & set(item.platforms)
    ]


def _missing_for_frontend(loaded: Loaded, locked: Mapping[str, LockedSource]) -> Iterator[Finding]:
    """Report native runners that cannot run the frontend; an emulated build runs it on another platform."""
    matrix = loaded.matrix
    used = matrix.workflow.rendered and not matrix.network.builtin_frontend
    entry = locked.get(matrix.network.frontend) if used else None
    if entry is None or entry.offers is None:
        return
    legs = ((item.image, platform) for item in loaded.variants.values() for platform in item.platforms)
    native = dict.fromkeys(platform for image, platform in legs if matrix.workflow.runner(image, platform))
    missing = [platform for platform in native if platform not in entry.offers]
    if missing:
        yield rules.PLATFORM_NOT_IN_SOURCE.at(
            ("network", "frontend"),
            what=matrix.network.frontend,
            missing=_and(missing),
            offers=listed(entry.offers, MOST_PLATFORMS),
            images="no Dockerfile can be built there",
            advice="name a frontend that has it, or write `network: {builtin_frontend: true}`",
        )


def _and(platforms: Collection[Platform]) -> str:
    return " and ".join(platforms)


def _finished(loaded: Loaded, locked: Mapping[str, LockedSource], roots: list[Variant]) -> Iterator[Finding]:
    """Report, once at each ``from:``, a source with a user, home and server of its own, which would be lost."""
    reported: set[Path] = set()
    for item in roots:
        entry = locked.get(loaded.matrix.sources[item.source or ""])
        configs = entry.configs.values() if entry else ()
        signs = sorted({sign for config in configs for sign in signs_of(config)})
        path = from_path(loaded, item)
        if signs and path not in reported:
            reported.add(path)
            yield rules.FINISHED_IMAGE.at(path, source=item.source, signs=" and ".join(signs))


def signs_of(config: SourceConfig) -> Iterator[str]:
    """Yield what tells a finished image from a base; images of distributions, CUDA and R have none of it."""
    user = config.user.partition(":")[0]
    if user not in ROOT:
        yield f"runs as user `{user}`"
    variable = next((name for name in NOTEBOOK_VARIABLES if name in config.environment), None)
    if variable:
        yield f"sets {variable}"
    words = [word for text in (*config.entrypoint, *config.command) for word in text.split()]
    server = next((word for word in words if word == "/init" or PurePosixPath(word).name in SERVERS), None)
    if server:
        yield f"starts `{server}`"
