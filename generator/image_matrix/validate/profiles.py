"""Checks profiles: slugs, defaults, names, and that every profile has choices."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING

from image_matrix.config.profiles import HUB_IMAGE, Listed, ListedChoice
from image_matrix.config.variants import by_image
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.profiles.offer import offered, offers
from image_matrix.profiles.references import with_sources
from image_matrix.profiles.slugs import slugify
from image_matrix.render.kubernetes.flux import values_text
from image_matrix.render.kubernetes.kubespawner import profile_list
from image_matrix.validate.findings import bad_value, unknown, unknown_value
from image_matrix.validate.references import image_of_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Profile
    from image_matrix.diagnostics import Finding, Path, Target

LARGEST = 900 * 1024
"""Bytes of values; the rest of 1 MiB is for the ConfigMap's metadata, and for what a site adds to the hub's Secret."""


def slugs(matrix: Matrix) -> Iterator[Finding]:
    """Keys that are no slugs, and names that two profiles have."""
    seen: dict[str, tuple[str, Path]] = {}
    for name in matrix.catalog.profiles:
        slug = slugify(name)
        if slug != name:
            advice = f"write `{slug}`" if slug else "give it a name with letters or digits"
            yield rules.BAD_SLUG.at(("profiles", name), "key", slug=name, advice=advice)
        yield from _taken(slug, f"profile `{name}`", ("profiles", name), "key", seen)
    for name, profile in matrix.catalog.profiles.items():
        for at, alias in enumerate(profile.aliases):  # whatever a hub has stored, slug or not
            path = ("profiles", name, "aliases", at)
            yield from _taken(alias, f"an alias of `{name}`", path, "value", seen)
    site = matrix.catalog.site
    for at, entry in enumerate(site.extra_profiles):
        where = (*site.path, "extra_profiles", at, "slug" if "slug" in entry else "display_name")
        slug = entry.get("slug") or slugify(entry.get("display_name", ""))
        yield from _taken(slug, f"the extra profile `{entry.get('display_name')}`", where, "value", seen)


def _taken(
    slug: str, owner: str, path: Path, target: Target, seen: dict[str, tuple[str, Path]]
) -> Iterator[Finding]:
    """Yield a finding where a slug is in ``seen``, and put it there."""
    if slug and slug in seen:
        first, place = seen[slug]
        finding = rules.SAME_SLUG.at(path, target, first=first, second=owner, slug=slug)
        yield finding.beside((place, "the first one"))
    seen.setdefault(slug, (owner, path))


def defaults(matrix: Matrix) -> Iterator[Finding]:
    """A second default profile."""
    site = matrix.catalog.site
    marked: list[tuple[str, Path]] = [
        *((name, ("profiles", name)) for name, profile in matrix.catalog.profiles.items() if profile.default),
        *(
            (str(entry.get("display_name")), (*site.path, "extra_profiles", at))
            for at, entry in enumerate(site.extra_profiles)
            if entry.get("default")
        ),
    ]
    for name, path in marked[1:]:
        fields = {"first": marked[0][0], "second": name, "what": "profile"}
        finding = rules.SECOND_DEFAULT.at((*path, "default"), "key", **fields)
        yield finding.beside(((*marked[0][1], "default"), "the first one"))


def names(matrix: Matrix) -> Iterator[Finding]:
    """Images, sizes, axes and successors that are not there."""
    catalog = matrix.catalog
    for name, profile in catalog.profiles.items():
        base: Path = ("profiles", name)
        images = (*matrix.images, *matrix.sources, HUB_IMAGE)
        yield from _unknown(matrix, (*base, "images"), profile.images, "image", images)
        yield from _unknown(matrix, (*base, "sizes"), profile.sizes, "size", catalog.sizes)
        yield from _axes(matrix, name, profile)
        if profile.deprecated:
            yield from _successor(matrix, name, profile.deprecated.successor)
    yield from _of_the_site(matrix)


def _successor(matrix: Matrix, name: str, successor: str) -> Iterator[Finding]:
    """A successor that is not there, or not at the site."""
    path: Path = ("profiles", name, "deprecated", "successor")
    others = {one for catalog in matrix.catalogs.values() for one in catalog.profiles} - {name}
    if successor == name:
        advice = "name the profile that takes its place, or leave `successor` out"
        yield bad_value(path, "a profile cannot be its own successor", advice)
    elif successor not in others:
        yield unknown(path, "profile", successor, others)
    elif successor not in matrix.catalog.profiles:
        problem = f"`{successor}` is not offered at every site of `{name}`"
        yield bad_value(path, problem, "name a profile that is, or set `deprecated` in `overrides`")


def _unknown(
    matrix: Matrix, path: Path, listed: Listed, what: str, known: Collection[str]
) -> Iterator[Finding]:
    for key, name in listed.names.items():
        if name not in known:
            advice = _advice(matrix, name) if what == "image" else ""
            yield unknown((*path, *listed.place(key)), what, name, known, advice)


def _advice(matrix: Matrix, name: str) -> str:
    if image := image_of_reference(matrix, name):
        return f"write `{image}`: it is an image of this matrix"
    if "/" in name:
        return f"declare it, `sources: {{NAME: {name}}}`, and write NAME here"
    image, _, label = name.partition(":")
    if not label:
        return ""
    parts = re.split("[-_=,;]", label)
    chosen = {
        axis: value
        for axis, values in matrix.axes.items()
        for value in values
        if value in parts or f"{axis}{value}" in parts
    }
    if image in matrix.images and chosen:
        return f"write `{image}`, and `axes: {as_written(chosen)}` in the profile"
    return "a profile names images, never tags: offer versions with `axes:`"


def _axes(matrix: Matrix, name: str, profile: Profile) -> Iterator[Finding]:
    every: dict[str, set[str]] = {axis: set(values) for axis, values in matrix.axes.items()}
    for image in matrix.images.values():
        for axis, values in image.axes.items():
            if values:  # else the axis is unknown itself
                every.setdefault(axis, set()).update(values)
    for at, (axis, values) in enumerate(profile.axes.items()):
        path: Path = ("profiles", name, "axes", axis if values else at)
        if axis not in every:
            yield unknown(path, "axis", axis, every, target="key" if values else "value")
            continue
        for value in values:
            if value not in every[axis]:
                yield unknown_value(path, path[:3], axis, value, every[axis])


def _of_the_site(matrix: Matrix) -> Iterator[Finding]:
    """Devices that no size asks for, and images of Kubeflow's groups that are not there."""
    catalog = matrix.catalog
    requested = {device for size in catalog.sizes.values() for device in size.devices}
    for device in catalog.site.devices.keys() - requested:
        path = (*catalog.site.path, "devices", device)
        advice = did_you_mean(device, requested) if requested else "no size has `devices`"
        yield rules.UNUSED_DEVICE.at(path, "key", device=device, advice=advice)
    for group in ("group_one", "group_two"):
        listed = Listed({image: ListedChoice(image) for image in getattr(catalog.site, group)})
        yield from _unknown(matrix, (*catalog.site.path, "kubeflow", group), listed, "image", matrix.images)


def something_offered(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images that a profile's axes exclude."""
    catalog = matrix.catalog
    grouped = by_image(variants.values())
    known = {item for variant in variants.values() for item in variant.values.items()}
    for name, profile in catalog.profiles.items():
        if any((axis, value) not in known for axis, values in profile.axes.items() for value in values):
            continue  # that is said already
        for key, image in profile.images.names.items():
            if image not in grouped or offered(profile, grouped[image]):
                continue
            chosen = ", ".join(
                f"{axis} {'/'.join(values)}" for axis, values in profile.axes.items() if values
            )
            path: Path = ("profiles", name, "images", *profile.images.place(key))
            labels = ", ".join(item.label for item in grouped[image])
            advice = f"`{image}` has {labels}: offer one of these, or remove it"
            fields = {"what": f"profile `{name}`", "problem": f"`{image}` has no variant with {chosen}"}
            yield rules.NOTHING_OFFERED.at(path, advice=advice, **fields)


def unpublished(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images in profiles and groups that a release does not publish."""
    grouped = by_image(variants.values())
    for name, profile in matrix.catalog.profiles.items():
        for key, image in profile.images.names.items():
            path: Path = ("profiles", name, "images", *profile.images.place(key))
            yield from _unpublished(path, image, offered(profile, grouped.get(image, ())))
    for group in ("group_one", "group_two"):
        for at, image in enumerate(getattr(matrix.catalog.site, group)):
            path = (*matrix.catalog.site.path, "kubeflow", group, at)
            yield from _unpublished(path, image, grouped.get(image, ()))


def _unpublished(path: Path, image: str, chosen: Iterable[Variant]) -> Iterator[Finding]:
    hidden = next((item for item in chosen if not item.publish), None)
    if hidden is not None:
        problem = f"`{hidden.id}` is not published (`publish: false`)"
        yield bad_value(path, problem, f"remove `publish: false` from `{image}`, or offer another image")


def size_of_values(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """More values than a ConfigMap holds, with the longest references there can be."""
    if matrix.catalog.site.spawner != "jupyterhub":
        return
    all_offers = offers(matrix, variants)
    if sum(len(offer.images) * 400 + len(offer.sizes) * 1000 + 1500 for offer in all_offers) < LARGEST // 4:
        return

    longest = {
        item.id: f"{matrix.repository(item)}:{item.label}-{'0' * 12}@sha256:{'0' * 64}"
        for item in variants.values()
    }
    pinned = with_sources(matrix, longest, lambda reference: f"{reference}@sha256:{'0' * 64}")
    size = len(values_text(profile_list(matrix, all_offers, pinned), matrix.catalog.site).encode())
    if size > LARGEST:
        yield rules.TOO_MANY_PROFILES.at(
            ("profiles",), "key", size=ceil(size / 1024), largest=LARGEST // 1024
        )
