"""Finds locales and time zones that an image does not have: programs warn, stop, or silently take another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.locales import EVERY, in_utf8, missing
from image_matrix.config.time_zones import is_zone, old_names, right_name, zone_of
from image_matrix.config.variants import resolution_of
from image_matrix.lock.distributions import distribution_of
from image_matrix.validate.environment import environments
from image_matrix.validate.findings import bad_value, once_a_place
from image_matrix.validate.pod_variables import environments_of_profile
from image_matrix.validate.profiles_pods import each_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

ZONE = "TZ"
OLD_NAMES = "tzdata-legacy"


def without_locale(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Variables of images that name a locale which nothing generates: R and Perl warn at each start."""
    for item, path, name, value in _of_images(matrix, expanded):
        if missing(expanded, item, name, value):
            problem = "no step of the image or its parents generates this locale"
            locale = in_utf8(value)
            advice = f"write `locale: {locale or 'de_DE.UTF-8'}`{'' if locale else ' or another one'} in place of it"
            if locale and name not in ("LANG", "LC_ALL"):
                advice += f", or add `{EVERY}` to `apt`, which has every locale"
            yield bad_value(path, problem, advice)


def without_locale_in_pods(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Variables of profiles that name a locale which an image of theirs does not have."""
    findings = (
        bad_value(
            (*path, name),
            f"no step of `{image}` or its parents generates this locale",
            _in_image(image, in_utf8(value)),
        )
        for profile, image, opened in each_image(matrix, expanded)
        for path, variables in environments_of_profile(matrix, profile.slug)
        for name, value in variables.items()
        if any(missing(expanded, item, name, value) for item in opened)
    )
    return once_a_place(findings)


def _in_image(image: str, locale: str | None) -> str:
    if not locale:
        return "write a language and a country in place of it, such as `de_DE.UTF-8`"
    return f"write `locale: {locale}` in `{image}` or in what it is built on, or add `{EVERY}` there to `apt`"


def unknown_zone(matrix: Matrix) -> Iterator[Finding]:
    """Time zones that tzdata does not have: the C library takes UTC, without a word."""
    for path, variables in environments(matrix):
        zone = zone_of(variables.get(ZONE, ""))
        if zone and not is_zone(zone):
            yield bad_value(
                (*path, ZONE), "there is no such time zone, and programs take UTC", right_name(zone)
            )


def old_zone(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Old names of time zones, in images of a distribution that has them in a package of their own."""
    for item, path, name, value in _of_images(matrix, expanded):
        if name == ZONE and _lacks(matrix, expanded, item, zone_of(value)):
            yield _old(path, value)


def old_zone_in_pods(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """The same in profiles."""
    findings = (
        _old((*path, ZONE), variables[ZONE])
        for profile, _, opened in each_image(matrix, expanded)
        for path, variables in environments_of_profile(matrix, profile.slug)
        if ZONE in variables
        and any(_lacks(matrix, expanded, item, zone_of(variables[ZONE])) for item in opened)
    )
    return once_a_place(findings)


def _lacks(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant, zone: str | None) -> bool:
    """Say whether an image is known to lack an old name of a zone."""
    distribution = distribution_of(matrix.sources.get(item.root_source, ""))
    if zone not in old_names() or not distribution or not distribution.old_zones_apart:
        return False
    return not any(one.foreign or OLD_NAMES in one.packages.get("apt", ()) for one in lineage(expanded, item))


def _old(path: Path, value: str) -> Finding:
    problem = f"the distribution has this old name only in the package `{OLD_NAMES}`, and programs take UTC"
    return bad_value(path, problem, f"write `{old_names()[zone_of(value) or '']}`")


def _of_images(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[tuple[Variant, Path, str, str]]:
    """Yield the variables of all variants, each with its place."""
    for item in expanded.values():
        for name, given in resolution_of(matrix, expanded, item).env.items():
            yield item, (*given.origin.path, "env", name), name, str(given.value)
