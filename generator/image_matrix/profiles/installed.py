"""Checks that a HelmRelease takes the profiles, and that its chart and its values support what they use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from image_matrix.config.charts import default_chart, version
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnostic
from image_matrix.json_data import at_path
from image_matrix.profiles.charts import ceiling, first_with_mappings, hub_of, mappings, overrides_of
from image_matrix.profiles.units import byte_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from image_matrix.config.sites import Toleration
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.json_data import Json
    from image_matrix.profiles.helmrelease import HelmRelease
    from image_matrix.profiles.labelled import ValuePath

_VERSION: ValuePath = ("spec", "chart", "spec", "version")


def chart_findings(values: Mapping[str, Any], release: HelmRelease, hub: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with a release's chart, given its composed values and the matrix's version of JupyterHub.

    A chart with KubeSpawner 6 is an error if a profile has mappings. Another JupyterHub than the site's is a warning.
    """
    place, end, has = release.place(_VERSION), ceiling(release.chart), hub_of(release.chart)
    used = mappings(_section(values, "singleuser").get("profileList") or ())
    if used and end and end <= first_with_mappings():
        fields = {"where": f"`{used[-1]}` of a profile", "problem": f"the release has {release.chart}"}
        newest = f"write `version: {default_chart().version}`"
        advice = f"{newest}, or remove shared memory and volumes from the profiles in matrix.yaml"
        yield diagnostic(rules.NEEDS_CHART, place, advice=advice, **fields)
    elif has and has != version(hub)[:2] and not _section(values, "hub").get("image"):
        text = ".".join(map(str, has))
        fields = {"chart": release.chart, "has": text, "hub": hub}
        exact = re.fullmatch(r"\d+\.\d+\.\d+", release.chart)
        write = f'`chart: "{release.chart}"`' if exact else f'`jupyterhub: "{text}"`'
        advice = f"write {write} for the site in matrix.yaml, or use another chart"
        yield diagnostic(rules.CHART_CONTRADICTS, place, advice=advice, **fields)


def optional_profiles(release: HelmRelease, name: str) -> Iterator[Diagnostic]:
    """Yield a warning for every reference to the ConfigMap of the profiles with which a hub may go without it.

    Source: https://fluxcd.io/flux/components/helm/helmreleases/#values-references
    """
    for at, reference in enumerate(release.spec.get("valuesFrom") or ()):
        if (reference.get("kind"), reference.get("name")) != ("ConfigMap", name):
            continue
        if reference.get("optional") is True:
            place = release.place(("spec", "valuesFrom", at, "optional"))
            fields = {"who": f"HelmRelease {release.name}", "ours": f"ConfigMap {name}"}
            yield diagnostic(rules.OPTIONAL_PROFILES, place, **fields)


LISTS_OF_TOLERATIONS = (("singleuser", "extraTolerations"), ("scheduling", "userPods", "tolerations"))
"""Where the chart has tolerations of users' pods; it joins them into one list."""


def lost_tolerations(
    values: Mapping[str, Any], ours: Iterable[Toleration]
) -> Iterator[tuple[ValuePath, Mapping[str, Any]]]:
    """Yield the chart's tolerations, with their paths, that pods of profiles with tolerations do not have.

    ``ours`` are those of the site: a list in a profile replaces the chart's.
    """
    known = [dict(item) for item in ours]
    if not any(override.get("tolerations") for override in _overrides(values)):
        return
    for path in LISTS_OF_TOLERATIONS:
        for at, item in enumerate(at_path(values, path) or ()):
            if isinstance(item, dict) and item not in known:
                yield (*path, at), item


def guarantees_over_limits(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield settings of profiles that guarantee more than the hub's limit, which stays where a profile sets none.

    Each is the section of the amount, ``cpu`` or ``memory``, the guarantee and the limit, as written.
    """
    for short, section in (("cpu", "cpu"), ("mem", "memory")):
        limit = at_path(values, ("singleuser", section, "limit"))
        for override in _overrides(values):
            guarantee = override.get(f"{short}_guarantee")
            if f"{short}_limit" not in override and _is_over(section, guarantee, limit):
                yield section, str(guarantee), str(limit)


def _is_over(section: str, guarantee: Json, limit: Json) -> bool:
    """Say whether a guarantee is over a limit; what is no amount is neither."""
    least, most = _amount(section, guarantee), _amount(section, limit)
    return bool(least and most and least > most)


def _overrides(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    profiles = _section(values, "singleuser").get("profileList") or ()
    return [override for profile in profiles for override in overrides_of(profile)]


def _amount(section: str, value: Json) -> float | None:
    """Return cores or bytes; ``None`` for what others have written and is no amount, as the hub will say."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value) if section == "cpu" else float(byte_count(value) or 0)
    except (ValueError, OverflowError):
        return None


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = values.get(name)
    return section if isinstance(section, dict) else {}
