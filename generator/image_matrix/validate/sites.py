"""Checks sites: the names that sizes, profiles and choices compare with, and what each site offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.at_site import conditions, is_offered
from image_matrix.config.charts import chart_of, charts, default_chart, version
from image_matrix.config.sites import DEFAULT_SITE, read_sites
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.json_data import at_path
from image_matrix.text import listed
from image_matrix.validate.findings import bad_value, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.at_site import Condition
    from image_matrix.config.model import Matrix
    from image_matrix.config.sites import Site
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

_PODS = ("jupyterhub", "kubeflow")
"""Spawners whose pods a site can say something about."""
READ_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("chart", "configmap", "jupyterhub", "kubespawner"), ("jupyterhub",)),
    **dict.fromkeys(("extra_profiles", "pull_secrets"), ("jupyterhub",)),
    **dict.fromkeys(("devices", "node_selector", "tolerations"), _PODS),
    "kubeflow": ("kubeflow",),
}
"""Field of a site to the spawners that it is for; other fields are for all."""


def sites(value: Mapping[str, Json]) -> Iterator[Finding]:
    """Yield what is wrong with the sites of a matrix of the right shape, and with what names them."""
    declared = value.get("sites") or {DEFAULT_SITE: {}}
    for condition in conditions(value):
        yield from _names(value, declared, condition)
    if "profiles" in value and not value["profiles"]:
        fields = {"problem": "it has no profile", "advice": "declare a profile, or remove the section"}
        yield rules.NOTHING_OFFERED.at(("profiles",), "key", what="`profiles`", **fields)
    yield from _of_other_spawners(value)
    yield from _versions(value)
    yield from _one_configmap(value)


def _names(
    value: Mapping[str, Json], declared: Mapping[str, Json], condition: Condition
) -> Iterator[Finding]:
    """Sites that nobody declared, and those of an override at which its entry is not offered."""
    entry = at_path(value, condition.entry)
    is_doubted = isinstance(entry, dict) and not declared.keys() >= {*entry.get("sites", ())}
    for at, name in enumerate(condition.names):
        path = (*condition.path, at)
        if name not in declared:
            yield unknown(path, "site", name, declared)
        elif condition.is_match and not is_doubted and not is_offered(entry, name):
            problem = f"the override has no effect at `{name}`: {human(condition.entry)} is not offered there"
            advice = f"add `{name}` to its `sites`, or remove it here"
            finding = bad_value(path, problem, advice)
            yield finding.beside(((*condition.entry, "sites"), "where it is offered"))


def _of_other_spawners(value: Mapping[str, Json]) -> Iterator[Finding]:
    """Fields that the spawner of a site does not read; what ``defaults`` bring is for the other sites."""
    for name, site in read_sites(value).items():
        for field, spawners in READ_BY.items():
            if field in value["sites"][name] and site.spawner not in spawners:
                problem = f"`{field}` has no effect: the spawner of this site is {site.spawner}"
                advice = f"remove it, or write `spawner: {spawners[0]}`"
                yield bad_value(("sites", name, field), problem, advice, "key")


def _versions(value: Mapping[str, Json]) -> Iterator[Finding]:
    """Charts that are not known, and hubs of which nothing says what they have, where there are several sites."""
    declared = read_sites(value)
    oldest, newest = next(iter(charts())), default_chart().version
    for site in declared.values():
        if site.spawner != "jupyterhub" or _builds_only(value, site):
            continue
        if not site.names_versions and len(declared) > 1:
            advice = f'add `chart: "{newest}"`, the version of the JupyterHub chart at this site'
            yield rules.MISSING_FIELD.at(site.path, "key", field="chart", advice=advice)
        elif site.declared_chart and chart_of(site.declared_chart) is None:
            problem = f"`{site.declared_chart}` is before the first chart that is known, {oldest}"
            yield bad_value((*site.path, "chart"), problem, _IN_PLACE)
        elif site.declared_chart and version(site.declared_chart)[0] > version(newest)[0]:
            problem = f"`{site.declared_chart}` is after the last charts that are known, those of {newest}"
            yield bad_value((*site.path, "chart"), problem, _chart_advice(site.declared_chart))


_IN_PLACE = "write the versions of the hub, `jupyterhub` and `kubespawner`, in place of it"


def _chart_advice(written: str) -> str:
    """Return what to write for a chart of a major version that is not known; some write JupyterHub's version."""
    meant = next((one.version for one in charts().values() if one.jupyterhub == written), None)
    return f'JupyterHub {written} is in the chart {meant}: write `chart: "{meant}"`' if meant else _IN_PLACE


def _builds_only(value: Mapping[str, Json], site: Site) -> bool:
    """Say whether a site has a BuildKit and no profiles, so that nothing depends on its hub."""
    profiles = (value.get("profiles") or {}).values()
    return site.buildkit is not None and not any(is_offered(item, site.name) for item in profiles)


def taken_channels(matrix: Matrix) -> Mapping[str, str]:
    """Return the branches that can be no channel, each with what to write instead."""
    return {
        matrix.release.branch: "releases are written to this branch: leave `channel` out to follow each of them",
        matrix.workflow.default_branch: "it is the default branch: write another name, such as `stable`",
    }


def channels(matrix: Matrix) -> Iterator[Finding]:
    """Channels that are branches of something else."""
    taken = taken_channels(matrix)
    for catalog in matrix.catalogs.values():
        channel = catalog.site.channel
        if channel is not None and channel in taken:
            yield bad_value((*catalog.site.path, "channel"), f"`{channel}` is taken", taken[channel])


def _one_configmap(value: Mapping[str, Json]) -> Iterator[Finding]:
    """Two sites with one ConfigMap in one namespace, where both say so; in two clusters the usual name is the same."""
    first: dict[tuple[str, str], str] = {}
    for name, site in read_sites(value).items():
        if "configmap" not in value["sites"][name]:
            continue
        pair = site.configmap_namespace, site.configmap
        other = first.setdefault(pair, name)
        if other != name:
            problem = f"`{other}` and `{name}` have one ConfigMap: `{pair[1]}` in the namespace `{pair[0]}`"
            advice = "write another name here; if the sites are in two clusters, too"
            finding = bad_value(("sites", name, "configmap"), problem, advice)
            yield finding.beside((("sites", other, "configmap"), "the first one"))


def nothing_offered(matrix: Matrix) -> Iterator[Finding]:
    """A site with neither a profile nor a BuildKit; profiles and sizes are elsewhere."""
    for name, catalog in matrix.catalogs.items():
        if (
            catalog.profiles
            or catalog.site.buildkit
            or not any(one.profiles for one in matrix.catalogs.values())
        ):
            continue
        fields = {
            "what": f"the site `{name}`",
            "problem": "no profile is offered there",
            "advice": f"add `{name}` to `sites` of a profile and of its images and sizes, or remove the site",
        }
        yield rules.NOTHING_OFFERED.at(catalog.site.path, "key", **fields)


def offered_nowhere(value: Mapping[str, Json], matrix: Matrix) -> Iterator[Finding]:
    """Profiles of which no site has both an image and a size."""
    everywhere = {name for catalog in matrix.catalogs.values() for name in catalog.profiles}
    for name, item in (value.get("profiles") or {}).items():
        if name in everywhere or not {*item.get("sites", matrix.catalogs)} & matrix.catalogs.keys():
            continue
        where = listed((f"`{site}`" for site in matrix.catalogs if is_offered(item, site)), 5)
        fields = {
            "what": f"profile `{name}`",
            "problem": f"its images and sizes are not offered at the same site; it is for {where}",
            "advice": "change `sites` of its choices or of its sizes",
        }
        yield rules.NOTHING_OFFERED.at(("profiles", name), "key", **fields)


def one_device(matrix: Matrix) -> Iterator[Finding]:
    """Sizes that an override gives a second device."""
    for name, size in matrix.catalog.sizes.items():
        if len(size.devices) > 1:
            path: Path = ("sizes", name, "devices", [*size.devices][-1])
            site = matrix.catalog.site.name
            devices = " and ".join(f"`{device}`" for device in size.devices)
            problem = f"the size asks for {devices} at `{site}`: mappings are merged"
            yield bad_value(path, problem, f"declare another size with `sites: [{site}]`", "key")
