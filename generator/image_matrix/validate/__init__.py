"""What a matrix of the right shape can still get wrong; every check finds all of its kind."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate import (
    addresses,
    build,
    conflicts,
    downloads,
    environment,
    names,
    packages,
    placeholders,
    profiles,
    profiles_charts,
    profiles_keys,
    profiles_kubernetes,
    profiles_overrides,
    profiles_pods,
    profiles_texts,
    profiles_tolerations,
    profiles_twice,
    references,
    tests,
    variants,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding

CHECKS = (
    names.bad_names,
    names.bad_references,
    references.unknown_parents,
    references.unknown_references,
    references.parent_or_source,
    references.cycles,
    references.unused,
    placeholders.unknown_placeholders,
    addresses.passwords,
    environment.not_expanded,
    packages.bad_requirements,
    packages.listed_twice,
    downloads.without_place,
    downloads.lost,
    tests.unreadable_commands,
    variants.axes_twice,
    variants.unknown_axes,
    variants.no_python,
    build.build_names,
    build.build_login,
    build.build_tools,
    build.build_runners,
    build.build_schedule,
    profiles.slugs,
    profiles.defaults,
    profiles.names,
    profiles_keys.order,
    profiles_pods.amounts,
    profiles_tolerations.tolerations,
    profiles_texts.texts,
    profiles_texts.environment,
    profiles_overrides.overrides,
    profiles_charts.joining,
    profiles_kubernetes.refused,
    profiles_twice.set_twice,
)
"""Checks of the declarations alone."""

VARIANT_CHECKS = (
    variants.without_parent,
    variants.empty,
    variants.platforms,
    variants.same_names,
    variants.other_python,
    placeholders.indexes_without_version,
    packages.without_installer,
    packages.provider_without_needs,
    downloads.overwritten,
    packages.too_many_layers,
    conflicts.pinned_otherwise,
    build.too_many_legs,
    tests.unknown_axes,
    profiles_keys.choice_keys,
    profiles.something_offered,
    profiles.size_of_values,
    profiles_pods.fitting_devices,
    profiles_pods.hub_package,
    profiles_pods.nodes,
)
"""Checks that need the variants of the images that are sound."""


SECTIONS = {
    "source": "sources",
    "bundle": "bundles",
    "accelerator": "accelerators",
    "download": "downloads",
    "axis": "axes",
}
"""What a name can be of, and the section that declares it."""


def check_meaning(
    matrix: Matrix, expanded: Mapping[str, Variant], templates: Collection[str], serving: Collection[str]
) -> list[Finding]:
    """Return everything that is wrong with a matrix beyond its shape."""
    found = list(
        chain(
            chain.from_iterable(check(matrix) for check in CHECKS),
            references.unknown_templates(matrix, templates),
            chain.from_iterable(check(matrix, expanded) for check in VARIANT_CHECKS),
            tests.http_without_service(matrix, expanded, serving),
        )
    )
    causes = {finding.path[1] for finding in found if finding.rule in _CAUSES}
    meant = {section for finding in found for section in _may_be_meant(finding)}
    return [
        finding
        for finding in found
        if not (finding.rule is rules.EMPTY_VARIANTS and finding.path[1] in causes)
        and not (finding.rule is rules.UNUSED and finding.path[0] in meant)
        and not (finding.rule is rules.PIP_CONFLICT and causes.intersection(finding.fields["images"]))  # type: ignore[arg-type]
    ]


def _may_be_meant(finding: Finding) -> tuple[str, ...]:
    """Return the sections of which a wrong name may mean something: what seems unused there, may be it."""
    if finding.rule is rules.UNKNOWN_REFERENCE:
        return (SECTIONS[str(finding.fields["what"])],) if finding.fields["what"] in SECTIONS else ()
    return ("sources",) if finding.rule in (rules.UNKNOWN_PARENT, rules.PARENT_AND_SOURCE) else ()


_CAUSES = (
    rules.NO_PARENT_VARIANT,
    rules.UNKNOWN_AXIS_VALUE,
    rules.AXIS_NOT_HERE,
    rules.UNKNOWN_REFERENCE,
)
"""An image that is empty, or has other packages than are meant, because of one of these needs no second message."""
