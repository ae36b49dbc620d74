"""Checks the meaning of a matrix with a valid shape; every check finds all problems of its kind."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from image_matrix.config.from_lists import NO_ENTRIES, may_be_of, once_an_entry, without_those_of_others
from image_matrix.config.model import DECLARED_IN
from image_matrix.config.read import read_matrix
from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.at_sites import at_every_site
from image_matrix.validate import (
    addresses,
    apt_repositories,
    axis_data,
    branches,
    builders,
    buildkits,
    conda_locks,
    conflicts,
    devices,
    docker_clients,
    doubt,
    downloads,
    environment,
    filled_packages,
    filled_values,
    foreign,
    hidden_files,
    ignored_fields,
    jobs,
    kernels,
    kubeflow,
    locales,
    login,
    names,
    opendatahub,
    packages,
    placeholders,
    profiles,
    profiles_choices,
    profiles_hubs,
    profiles_keys,
    profiles_kubernetes,
    profiles_mounts,
    profiles_overrides,
    profiles_pods,
    profiles_requests,
    profiles_texts,
    profiles_twice,
    r,
    references,
    refresh,
    registry_logins,
    releases,
    removals,
    repositories,
    secrets,
    sites,
    tags,
    tests,
    variants,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from image_matrix.config.from_lists import SharedEntry
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

    VariantCheck = Callable[[Matrix, Mapping[str, Variant]], Iterable[Finding]]

CHECKS = (
    names.bad_names, names.same_slugs, names.bad_references,
    references.unknown_parents, references.unknown_references, references.one_namespace,
    references.without_from, references.cycles, references.unused,
    placeholders.reserved_axes, placeholders.unknown_in_downloads, placeholders.in_mirrors,
    addresses.passwords,
    environment.replaced_path, environment.moving_labels, locales.unknown_zone, login.login_of_an_image,
    devices.given_to_all, devices.refused_drivers,
    packages.bad_requirements, packages.listed_twice,
    conflicts.disagreeing,
    downloads.lost, downloads.without_mode, downloads.two_checksums,
    secrets.taken_names,
    tests.unreadable_commands,
    axis_data.incomplete,
    packages.files_in_lists, packages.defaults_of_anaconda,
    variants.unknown_axes, variants.no_python,
    jobs.overridden_images, branches.branches_and_staging, registry_logins.registry_login, registry_logins.other_logins,
    registry_logins.login_forms, registry_logins.variables_of_files,
    releases.copies, releases.release_push,
    releases.scanner_and_signer, releases.scanner_settings, releases.ignored_findings, jobs.runners, jobs.schedules,
    sites.nothing_offered, sites.channels,
    builders.builder_fields,
    buildkits.buildkits,
)  # fmt: skip
"""Checks of the declarations alone."""

SITE_CHECKS = (
    environment.not_expanded,
    devices.given_to_profiles,
    profiles.slugs, profiles.defaults, profiles.names,
    sites.one_device,
    profiles_choices.defaults, profiles_choices.previous_releases, profiles_choices.patterns, profiles_choices.extras,
    profiles_pods.amounts, profiles_hubs.hub_in_sources,
    profiles_kubernetes.tolerations,
    profiles_texts.texts, profiles_texts.environment,
    profiles_overrides.overrides, profiles_overrides.joining, profiles_requests.requests_without_limit,
    profiles_kubernetes.refused,
    profiles_twice.set_twice, profiles_mounts.mounted_twice, profiles_mounts.over_the_home,
    opendatahub.opendatahub,
)  # fmt: skip
"""Checks of what a site has of the declarations."""

MATCH_CHECKS = (variants.unknown_in_matches, variants.without_parent)
"""Checks of what images compare axis values with."""

VARIANT_CHECKS = (
    variants.empty, variants.unused_starts, variants.platforms, variants.unlockable, variants.same_names,
    removals.removes_nothing,
    ignored_fields.ignored,
    secrets.unread,
    ignored_fields.without_variant,
    refresh.nothing_to_refresh,
    variants.other_python,
    filled_packages.unreadable, filled_packages.repeated, filled_values.unreadable,
    packages.provider_without_needs,
    downloads.without_place, downloads.of_one_machine, downloads.overwritten, hidden_files.hidden_files,
    environment.of_one_machine, locales.without_locale, locales.old_zone,
    packages.too_many_layers,
    conda_locks.missing_platforms, conda_locks.beside_others, conda_locks.of_pip, conda_locks.without_python,
    foreign.without_snapshots,
    foreign.kinds_without_base,
    foreign.not_installable,
    docker_clients.without_packages,
    r.without_kernel, r.without_compiler, r.tests_without_r,
    kernels.without_kernel,
    conflicts.pinned_otherwise, conflicts.disagreeing_by_placeholders,
    jobs.too_many_legs, jobs.without_runner, releases.copied_twice, branches.too_deep_for_docker_hub,
    jobs.unknown_in_overrides, jobs.runners_of_variants,
    placeholders.unknown_in_images,
    repositories.repositories, repositories.artifact,
    tags.unknown_in_tags,
    tags.bad_tags,
    tags.shared_tags, tags.of_unpublished,
    apt_repositories.apt_repositories,
)  # fmt: skip
"""Checks of variants."""

OFFER_CHECKS = (
    profiles_keys.choice_keys,
    profiles.something_offered, profiles.unpublished, profiles.size_of_values,
    profiles_pods.fitting_devices, profiles_hubs.hub_package, profiles_pods.nodes,
    locales.without_locale_in_pods, locales.old_zone_in_pods,
    kubeflow.kubeflow,
)  # fmt: skip
"""Checks of what a site offers of the variants."""


def check_meaning(
    value: Json,
    matrix: Matrix,
    expanded: Mapping[str, Variant],
    templates: Collection[str],
    serving: Collection[str],
    custom_pip: Collection[str],
    entries: Mapping[str, SharedEntry] = NO_ENTRIES,
) -> list[Finding]:
    """Return everything that is wrong with a matrix beyond its shape: its causes, not what follows from them.

    Names come first, then what is compared with axes, then variants; each check passes over the entries in which an
    earlier one has found something, and those that name them. ``entries`` are those for several images.
    """
    findings = _without_what_follows(check_names(value, matrix, templates), entries)
    http = partial(tests.http_without_service, serving=serving)
    installers = partial(packages.without_installer, custom_pip=custom_pip)
    offered = tuple(partial(_of_offers, check=check) for check in OFFER_CHECKS)
    rounds: tuple[tuple[VariantCheck, ...], ...] = (
        MATCH_CHECKS,
        (*VARIANT_CHECKS, *offered, installers, http),
    )
    for checks in rounds:
        doubted = doubt.in_doubt(value, [item.path for item in findings if item.rule.severity == "error"])
        every = chain.from_iterable(check(matrix, expanded) for check in checks)
        new = without_those_of_others(every, entries)
        findings += [item for item in new if item.path[:2] not in doubted]
    return doubt.once(once_an_entry(findings, entries))


def _of_offers(matrix: Matrix, expanded: Mapping[str, Variant], check: VariantCheck) -> Iterable[Finding]:
    return at_every_site(matrix, lambda view: check(view, expanded))


def check_names(value: Json, matrix: Matrix, templates: Collection[str]) -> list[Finding]:
    """Return what is wrong with the declarations alone; ``value`` is the matrix as plain data."""
    every = chain.from_iterable(check(matrix) for check in CHECKS)
    of_sites = chain.from_iterable(at_every_site(matrix, check) for check in SITE_CHECKS)
    checked = (
        *every,
        *of_sites,
        *sites.sites(value),
        *sites.offered_nowhere(value, matrix),
        *profiles_twice.never_used(value, matrix),
        *references.unknown_kinds(matrix, templates),
    )
    findings = [item for item in checked if not _may_come(item, matrix.images)]
    meant = {section for finding in findings for section in _may_be_meant(finding)}
    return [item for item in findings if not (item.rule is rules.UNUSED and item.path[0] in meant)]


def check_sound_names(
    value: Json,
    faults: Sequence[Path],
    templates: Collection[str],
    entries: Mapping[str, SharedEntry] = NO_ENTRIES,
) -> list[Finding]:
    """Return the errors of the declarations that are independent of ``faults``, where the shape is wrong."""
    remaining = doubt.without_faults(value, faults)
    if remaining is None:
        return []
    doubted = doubt.in_doubt(value, faults)
    findings = once_an_entry(check_names(remaining, read_matrix(remaining), templates), entries)
    return doubt.once(
        item
        for item in findings
        if item.rule.severity == "error" and doubt.independent(item, doubted, faults)
    )


def _without_what_follows(findings: Iterable[Finding], entries: Mapping[str, SharedEntry]) -> list[Finding]:
    """Return findings without unknown names that an entry for several images makes if a name in its list is mended."""
    every = list(findings)
    causes = [item for item in every if item.rule is rules.UNKNOWN_PARENT and str(item.path[1]) in entries]
    faulty = {entries[str(item.path[1])].key for item in causes}
    return [item for item in every if item in causes or not _may_come(item, faulty)]


def _may_come(finding: Finding, images: Iterable[str]) -> bool:
    """Say whether an unknown name may be that of an image whose entry, one of ``images``, is faulty."""
    is_unknown = finding.rule in (rules.UNKNOWN_PARENT, rules.UNKNOWN_REFERENCE)
    return is_unknown and may_be_of(str(finding.fields["name"]), images)


def _may_be_meant(finding: Finding) -> tuple[str, ...]:
    """Return the sections of which a wrong name may mean something: what seems unused there, may be it."""
    if finding.rule is rules.UNKNOWN_REFERENCE:
        return (DECLARED_IN[str(finding.fields["what"])],) if finding.fields["what"] in DECLARED_IN else ()
    return ("sources",) if finding.rule in (rules.UNKNOWN_PARENT, rules.NO_FROM) else ()
