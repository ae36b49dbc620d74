"""Checks that the hub of a site can start the images of its profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.text import listed
from image_matrix.validate.hub_versions import (
    HUB,
    elsewhere,
    hub_entry,
    other_major,
    provided_hub,
    stated_entry,
)
from image_matrix.validate.own_installers import hub_advice, hub_statement_advice, series_of
from image_matrix.validate.profiles_pods import each_image, image_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path


def hub_package(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images that the hub cannot start: without jupyterhub, or with another major version than the hub's."""
    return _once_per_image(_hub_package(matrix, variants))


def hub_in_sources(matrix: Matrix) -> Iterator[Finding]:
    """Sources among the images of a profile that do not say which jupyterhub they have, or have another major one."""
    return _once_per_image(_hub_in_sources(matrix))


def _once_per_image(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield versions that an image has once for all profiles with the same remedy; other findings as they are."""
    of_versions: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        if finding.rule is rules.HUB_VERSION:
            key = tuple(str(finding.fields[name]) for name in ("image", "version", "advice"))
            of_versions.setdefault(key, []).append(finding)
        else:
            yield finding
    for first, *others in of_versions.values():
        slugs = [f"`{item.fields['profile']}`" for item in (first, *others)]
        profiles = f"{'profiles' if others else 'profile'} {listed(slugs, 3)}"
        yield replace(first, fields={**first.fields, "profiles": profiles})


def _hub_package(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    hub = matrix.catalog.site.hub
    for profile, image, opened in each_image(matrix, variants):
        if not opened:
            continue
        place = image_place(profile, image)
        entries = [hub_entry(variants, item) for item in opened]
        if unchecked := _unchecked(variants, opened):
            advice = _advice_of_unchecked(variants, unchecked, hub)
            fields = {"profile": profile.slug, "image": image, "contract": unchecked.contract}
            yield rules.NOT_A_NOTEBOOK.at(place, advice=advice, **fields)
        elif matrix.catalog.site.spawner != "jupyterhub":
            continue  # Kubeflow starts the image's own command
        elif None in entries:
            without = next(item for item, entry in zip(opened, entries, strict=True) if entry is None)
            advice = hub_advice([*lineage(variants, without)], hub)
            yield rules.NO_HUB_PACKAGE.at(place, profile=profile.slug, image=image, advice=advice)
        elif entries[0] and (version := other_major(*entries[0], hub)):
            stated = any(provided_hub(variants, item) for item in opened)
            take = f"take jupyterhub {hub.partition('.')[0]} in the image"
            where = f"`provides.{HUB}` of `{image}` or of what it is built on"
            advice = f"write at {where} what the image has" if stated else take
            advice += ", or set `chart` of the site to the one that it has"
            advice += elsewhere(matrix, variants, profile.slug)
            fields = {"profile": profile.slug, "image": image, "version": version, "hub": hub}
            yield rules.HUB_VERSION.at(place, advice=advice, **fields)


def _hub_in_sources(matrix: Matrix) -> Iterator[Finding]:
    hub = matrix.catalog.site.hub
    if matrix.catalog.site.spawner != "jupyterhub":
        return  # Kubeflow starts the image's own command
    for profile in matrix.catalog.profiles.values():
        names = dict.fromkeys(profile.images.names.values())
        for name in names:
            if name not in matrix.sources:
                continue
            provided = matrix.provided.get(name, {}).get(HUB)
            fields = {"profile": profile.slug, "image": name}
            if provided is None:
                provides = f'provides: {{{HUB}: "{series_of(hub)}"}}'
                written = f'sources: {{{name}: {{image: "{matrix.sources[name]}", {provides}}}}}'
                advice = f"if it has the package, say in which version: `{written}`"
                yield rules.NO_HUB_PACKAGE.at(image_place(profile, name), **fields, advice=advice)
            elif version := other_major(*stated_entry(provided), hub):
                stated: Path = ("sources", name, "provides", HUB)
                advice = f"write what the image has at {human(stated)}, take another source, "
                advice += "or set `chart` of the site to the one that it has"
                if names.keys() <= matrix.sources.keys():  # what images have is not known yet
                    advice += elsewhere(matrix, {}, profile.slug)
                fields |= {"version": version, "hub": hub, "advice": advice}
                yield rules.HUB_VERSION.at(image_place(profile, name), **fields).beside(
                    (stated, "its version")
                )


def _advice_of_unchecked(variants: Mapping[str, Variant], item: Variant, hub: str) -> str:
    """Return what to write for an image without the contract of notebooks; one with a Dockerfile can have no kind."""
    kind = "give it a `kind` for notebooks"
    if stated := hub_statement_advice([*lineage(variants, item)], hub):
        return f"{stated}; otherwise, {'install it there first' if item.build else kind}"
    provides = f'`provides: {{jupyterhub: "{series_of(hub)}"}}` in `{item.image}` or in its source'
    return f"if it has the package, write {provides}; otherwise {kind}"


def _unchecked(variants: Mapping[str, Variant], opened: list[Variant]) -> Variant | None:
    """Return a variant for which nothing checks that a hub can start it."""
    without = (item for item in opened if item.contract != "notebook" and not provided_hub(variants, item))
    return next(without, None)
