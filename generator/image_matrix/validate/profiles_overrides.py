"""Checks overrides: unknown and unreadable settings, lists that replace the chart's, and what needs a later chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.charts import chart_of, default_chart
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.profiles import charts, traits
from image_matrix.profiles.charts import OVERRIDE
from image_matrix.profiles.fields import ENTRIES, OBJECTS, SECRET, VARIABLE, camel_case
from image_matrix.profiles.mounts import is_home
from image_matrix.profiles.units import KUBESPAWNERS
from image_matrix.text import type_name
from image_matrix.validate.profiles_pods import cpu_findings, memory_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sites import Site
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json
    from image_matrix.profiles.fields import Fields

_HOMES = ("home", "volume-{user_server}")
"""Names of the chart's volume with homes, static and dynamic, which from 4.3 on are also the keys of its mount."""


def each_override(matrix: Matrix) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield every override with its path; of what users type in and of raw options, what our rules hold for."""
    for name, profile in matrix.catalog.profiles.items():
        yield ("profiles", name, OVERRIDE), profile.override
        yield from _of_choices(("profiles", name), profile)
    for name, size in matrix.catalog.sizes.items():
        yield ("sizes", name, OVERRIDE), size.override
    site = matrix.catalog.site
    for at, entry in enumerate(site.extra_profiles):
        for path, override in charts.placed_overrides(entry):
            yield (*site.path, "extra_profiles", at, *path), _checked(override)


def _of_choices(base: Path, profile: Profile) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for field, listed in profile.listed.items():
        for key, choice in listed.choices.items():
            yield (*base, field, key, OVERRIDE), choice.override
    for name, settings in profile.options.items():
        override = (settings.unlisted_choice or {}).get(OVERRIDE, {})
        yield (*base, "profile_options", name, "unlisted_choice", OVERRIDE), _checked(override)
    for name, option in profile.more_options.items():
        for path, override in charts.overrides_of_option(option):
            yield (*base, "profile_options", name, *path), _checked(override)


def _checked(override: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be checked of a choice that may set the image, replace lists, and say what users type in."""
    return {
        name: value
        for name, value in override.items()
        if name not in traits.KNOWN | {"image"} or not _is_theirs(name, value)
    }


def _is_theirs(name: str, value: Json) -> bool:
    is_list = name in traits.CHART_LISTS and isinstance(value, list)
    is_unlimited = name in traits.NUMBERS | traits.MEMORY and value is None
    return name == "image" or is_list or is_unlimited or "{value}" in str(value)


def overrides(matrix: Matrix) -> Iterator[Finding]:
    """Settings that KubeSpawner does not have, cannot read, or that would replace the chart's lists."""
    for path, override in each_override(matrix):
        for name, value in override.items():
            place = (*path, name)
            if name in traits.CHART_LISTS and (name == "tolerations" or isinstance(value, list)):
                # of tolerations the chart gives a list, over which a mapping would not merge either
                advice = _instead_of_list(name, value, matrix.catalog.site)
                yield _replaces(place, f"the list `{name}`", "the one that the chart sets", advice)
            else:
                yield from _setting(place, name, value)
        yield from _replaced_fields(path, override)


def _replaces(path: Path, what: str, lost: str, advice: str) -> Finding:
    return rules.REPLACES_LIST.at(path, "key", what=what, lost=lost, advice=advice)


def _replaced_fields(path: Path, override: Mapping[str, Any]) -> Iterator[Finding]:
    """Fields of objects that would take the place of what KubeSpawner makes of other settings."""
    for name, fields in traits.REPLACED.items():
        value = override.get(name)
        for key in value if isinstance(value, dict) else ():
            field = camel_case(key)
            if field in fields:
                what, lost = f"`{key}` in `{name}`", "what the chart and other fields set there"
                yield _replaces((*path, name, key), what, lost, fields[field])


def _setting(path: Path, name: str, value: Json) -> Iterator[Finding]:
    if name not in traits.KNOWN:
        yield rules.UNKNOWN_TRAIT.at(path, "key", name=name, advice=_instead(name))
    elif value is None:
        yield from _wrong(path, "a value", value, "give it a value, or remove it")
    elif name in traits.NUMBERS:
        yield from cpu_findings(path, value)
    elif name in traits.MEMORY:
        yield from memory_findings(path, value, KUBESPAWNERS)
    elif name in traits.MAPPINGS | traits.CHART_LISTS and not isinstance(value, dict):
        yield from _wrong(path, "a mapping", value, f"write names and values below `{name}:`, or remove it")
    elif name in traits.MAPPINGS or name in traits.CHART_LISTS:
        yield from _contents(path, name, value)
    else:
        yield from _plain(path, name, value)


def _wrong(path: Path, expected: str, value: object, advice: str) -> Iterator[Finding]:
    yield rules.WRONG_TYPE.at(path, expected=expected, actual=type_name(value), advice=advice)


def _plain(path: Path, name: str, value: Json) -> Iterator[Finding]:
    """A scalar or list of another type than KubeSpawner's setting has."""
    if name in traits.TEXTS and not isinstance(value, str):
        yield from _wrong(path, "text", value, _quoted(value))
    elif name in traits.INTEGERS and type(value) is not int:
        yield from _wrong(path, "a whole number", value, "write a whole number, without quotes")
    elif name in traits.BOOLEANS and not isinstance(value, bool):
        yield from _wrong(path, "true or false", value, "write true or false")
    elif name in traits.LISTS and not isinstance(value, list):
        yield from _wrong(path, "a list", value, f"write a list: `{name}: [{value}]`")
    elif name in traits.LISTS:
        yield from _entries(path, name, value)


def _entries(path: Path, name: str, value: list[Any]) -> Iterator[Finding]:
    for at, item in enumerate(value):
        if name == "supplemental_gids" and type(item) is not int:
            yield from _wrong((*path, at), "a whole number", item, "write a whole number, without quotes")
        elif name == "image_pull_secrets" and isinstance(item, dict):
            yield from _object((*path, at), SECRET, item)
        elif name != "supplemental_gids" and not isinstance(item, str):
            yield from _wrong((*path, at), "text", item, _quoted(item))


def _quoted(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "write a text"
    return f'quote it: "{str(value).lower() if isinstance(value, bool) else value}"'


def _contents(path: Path, name: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    """What stands in a mapping: fields of Kubernetes' objects, or texts."""
    if name in OBJECTS:
        yield from _object(path, OBJECTS[name], value)
        return
    for key, item in value.items():
        place = (*path, key)
        if name in ENTRIES and isinstance(item, dict):
            yield from _object(place, ENTRIES[name], item)
        elif name in ENTRIES:
            yield from _wrong(place, "a mapping", item, f"write `{key}: {{name: {key}, …}}`")
        elif name == "environment" and isinstance(item, dict):
            yield from _object(place, VARIABLE, item)
        elif not isinstance(item, str):
            yield from _wrong(place, "text", item, _quoted(item))


def _object(path: Path, fields: Fields, value: Mapping[str, Any]) -> Iterator[Finding]:
    for key in value:
        if not fields.has(key):
            advice = did_you_mean(key, fields.names)
            yield rules.UNKNOWN_KEY.at((*path, key), "key", key=key, where=human(path), advice=advice)
    for name in fields.missing(set(value)):
        advice = f"add `name: {path[-1]}`" if name == "name" else f"add `{name}:`"
        yield rules.MISSING_FIELD.at(path, "key", field=name, advice=advice)


def _instead(name: str) -> str:
    if name in traits.TOO_LATE:
        return traits.TOO_LATE[name]
    if name in traits.MATRIX_FIELDS:
        return f"`{traits.MATRIX_FIELDS[name]}` is for that"
    same = traits.EQUIVALENTS.get(name)
    if same in traits.MATRIX_FIELDS:
        return f"`{traits.MATRIX_FIELDS[same]}` is for that"
    return f"KubeSpawner calls it `{same}`" if same else did_you_mean(name, traits.KNOWN)


def _instead_of_list(name: str, value: object, site: Site) -> str:
    if name == "tolerations":
        return "use the field `tolerations:` of the profile or of a size: the whole list is made from it"
    if not site.accepts_mappings:
        return f"remove it: before KubeSpawner 7 (the chart 4.0) a profile cannot add to `{name}`"
    named = by_name(value if isinstance(value, list) else [])
    return f"write a mapping, which joins the chart's: `{name}: {as_written(named)}`"


def by_name(entries: list[Any]) -> dict[str, Any]:
    """Return the entries of a list as a mapping: by their own names, and numbered where these are not enough.

    A mount of the hub's volume of homes at another path is numbered: under its name, it would take the place of the
    mount of the home.
    """
    names = [str(entry.get("name", "entry") if isinstance(entry, dict) else "entry") for entry in entries]
    alone = {name for name in names if names.count(name) == 1 and name != "entry"}
    return {
        name if name in alone and not _mounts_home_elsewhere(entry) else f"{name}-{at}": entry
        for at, (name, entry) in enumerate(zip(names, entries, strict=True), start=1)
    }


def _mounts_home_elsewhere(entry: dict[str, Any]) -> bool:
    return "mountPath" in entry and entry["name"] in _HOMES and not is_home(entry)


def joining(matrix: Matrix) -> Iterator[Finding]:
    """Shared memory and mappings in overrides, where the hub is older than they need or nobody says how old it is."""
    if matrix.catalog.site.spawner != "jupyterhub":
        return
    site = matrix.catalog.site
    if not site.names_versions and len(matrix.catalogs) > 1:
        return  # that is an error at the site
    if site.declared_chart and chart_of(site.declared_chart) is None:
        return  # so is this: what an unknown chart ships is not known
    paths = [] if site.names_versions and site.accepts_mappings else [*_mappings(matrix)]
    problem = f"the hub of `{site.name}` has KubeSpawner {site.kubespawner}"
    advice = "remove it; or update the chart, then set `chart` of the site to the version that it has"
    if not site.names_versions:
        paths = paths[:1]  # one line in `sites:` answers for all of them
        problem = f"nothing says which chart `{site.name}` has"
        newest = f'`chart: "{default_chart().version}"`'
        advice = f"write {newest}, or the version that it has, under `sites.{site.name}`"
    for path in paths:
        yield rules.NEEDS_CHART.at(path, "key", problem=problem, advice=advice)


def _mappings(matrix: Matrix) -> Iterator[Path]:
    for name, size in matrix.catalog.sizes.items():
        if size.shm is not None:
            yield ("sizes", name, "shm")
    for path, override in each_override(matrix):
        for name in override.keys() & traits.CHART_LISTS:
            if isinstance(override[name], dict) and name != "tolerations":
                yield (*path, name)
