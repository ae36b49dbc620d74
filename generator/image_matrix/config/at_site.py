"""Says what a site has of the sizes and profiles of a matrix: what is offered there, with the overrides for it.

It works on plain data of the right shape, before :mod:`image_matrix.config.catalog` reads that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.config.overlay_merge import merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.diagnostics import Path, Target
    from image_matrix.json_data import Json

SITES, OVERRIDES, SITE = "sites", "overrides", "site"
CHOICES = {"images": "image", "sizes": "size"}
"""Field of a profile with choices, to the main field of a choice."""
Places = dict["Path", "Path"]
"""Path in what a site has to where the matrix says it, for what is there under another path."""


@dataclass(frozen=True, slots=True)
class AtSite:
    """What one site has of a matrix."""

    sizes: Mapping[str, Json]
    profiles: Mapping[str, Json]
    places: Mapping[Path, Path]
    """Path in ``sizes`` and ``profiles`` to where the matrix says it, for what is there under another path."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The sites that a size, a profile or a choice names, in ``sites`` or to match on."""

    path: Path
    """Of the names."""
    names: tuple[str, ...]
    entry: Path
    """Of the size, profile or choice."""
    is_match: bool


def at_site(data: Mapping[str, Json], site: str) -> AtSite:
    """Return the sizes and profiles that a site has; every override that matches is merged into its entry.

    A choice drops out with its size. A profile is not there if no image of it is left.
    """
    places: Places = {}
    declared = data.get("sizes") or {}
    sizes = {
        name: _overridden(item, site, ("sizes", name), places)
        for name, item in declared.items()
        if is_offered(item, site)
    }
    gone = declared.keys() - sizes
    shared = (data.get("defaults") or {}).get("profiles") or {}
    profiles = {
        name: profile
        for name, item in (data.get("profiles") or {}).items()
        if is_offered(item, site)
        and (profile := _profile(merge(shared, item), site, ("profiles", name), gone, places)) is not None
    }
    return AtSite(sizes, profiles, places)


def is_offered(item: Json, site: str) -> bool:
    """Say whether a size, a profile or a choice is offered at a site: everywhere if it names none."""
    return not isinstance(item, dict) or SITES not in item or site in item[SITES]


def conditions(data: Mapping[str, Json]) -> Iterator[Condition]:
    """Yield every list of sites in the sizes, the profiles and their choices."""
    for name, item in (data.get("sizes") or {}).items():
        yield from _conditions(item, ("sizes", name))
    for name, item in (data.get("profiles") or {}).items():
        path: Path = ("profiles", name)
        yield from _conditions(item, path)
        yield from _of_choices(item, path)
        for at, override in enumerate(item.get(OVERRIDES, ())):
            yield from _of_choices(override, (*path, OVERRIDES, at))


def _of_choices(item: Mapping[str, Json], path: Path) -> Iterator[Condition]:
    for field in CHOICES:
        choices = item.get(field)
        for key, choice in choices.items() if isinstance(choices, dict) else ():
            yield from _conditions(choice, (*path, field, key))


def _conditions(item: Json, path: Path) -> Iterator[Condition]:
    if not isinstance(item, dict):
        return
    if SITES in item:
        yield Condition((*path, SITES), tuple(item[SITES]), path, is_match=False)
    for at, override in enumerate(item.get(OVERRIDES, ())):
        yield Condition((*path, OVERRIDES, at, "match", SITE), _names(override), path, is_match=True)


def _names(override: Mapping[str, Json]) -> tuple[str, ...]:
    given = override["match"].get(SITE, ())
    return (given,) if isinstance(given, str) else tuple(given)


def declared_path(path: Path, places: Mapping[Path, Path], target: Target = "value") -> Path:
    """Return where the matrix says what stands at a path of a site's sizes and profiles.

    The value of a choice with settings is the name of its image or size.
    """
    for length in range(len(path), 0, -1) if places else ():
        if path[:length] in places:
            result = (*places[path[:length]], *path[length:])
            is_name = result[-1] in CHOICES.values() and len(result) > len(path) and length == len(path)
            return result[:-1] if target == "key" and is_name and path[-1] != result[-1] else result
    return path


def _overridden(item: Mapping[str, Json], site: str, path: Path, places: Places) -> dict[str, Any]:
    """Return an entry with the overrides that match a site, in order; their places are put into ``places``."""
    origin = declared_path(path, places)
    result: Json = {key: value for key, value in item.items() if key not in (SITES, OVERRIDES)}
    for at, override in enumerate(item.get(OVERRIDES, ())):
        if site in _names(override):
            fields = {key: value for key, value in override.items() if key != "match"}
            result = _merged(result, fields, path, (*origin, OVERRIDES, at), places)
    return dict(result)


def _merged(base: Json, top: Json, path: Path, origin: Path, places: Places) -> Json:
    if not isinstance(base, dict) or not isinstance(top, dict):
        for former in [one for one in places if one[: len(path)] == path]:
            del places[former]
        places[path] = origin
        return top
    merged = {
        key: _merged(base.get(key), value, (*path, key), (*origin, key), places) for key, value in top.items()
    }
    return {**base, **merged}


def _profile(
    item: Mapping[str, Json], site: str, path: Path, gone: set[str], places: Places
) -> dict[str, Any] | None:
    """Return a profile with the choices that a site has; ``None`` if none of its images is there."""
    profile = _overridden(item, site, path, places)
    retired = profile.get("retired", {})
    for field, main in CHOICES.items():
        if field not in profile:
            continue
        given = profile[field]
        dropped = gone if field == "sizes" else set[str]()
        profile[field] = kept = _choices(given, site, (*path, field), places, dropped, main)
        if not kept and given:
            return None
        lost = [key for key in given if key not in kept]
        if lost and field in retired:
            retired = {**retired, field: _without(retired[field], lost, [*kept])}
            profile["retired"] = retired
    return profile


def _choices(
    given: Json, site: str, path: Path, places: Places, gone: set[str], main: str
) -> dict[str, Json] | list[str]:
    """Return the choices that a site has, in the form in which they are given."""
    if not isinstance(given, dict):
        kept = [(at, name) for at, name in enumerate(given) if name not in gone]
        _moved(path, [at for at, _ in kept], places)
        return [name for _, name in kept]
    choices = {
        key: _choice(item, site, (*path, key), places, main) if isinstance(item, dict) else item
        for key, item in given.items()
        if is_offered(item, site)
    }
    names = {key: item[main] if isinstance(item, dict) else item for key, item in choices.items()}
    result = {key: item for key, item in choices.items() if names[key] not in gone}
    _moved(path, [[*given].index(key) for key in result], places)
    return result


def _choice(item: Mapping[str, Json], site: str, path: Path, places: Places, main: str) -> dict[str, Json]:
    """Return a choice with settings as a site has it; what is said of it as a whole is said of its main field."""
    choice = _overridden(item, site, path, places)
    fields = {(*path, field): declared_path((*path, field), places) for field in choice}
    places.update({**fields, path: fields[*path, main]})
    return choice


def _moved(path: Path, positions: list[int], places: Places) -> None:
    """Put the places of choices into ``places`` whose positions are others since some before them are left out."""
    origin = declared_path(path, places)
    places.update({(*path, new): (*origin, old) for new, old in enumerate(positions) if new != old})


def _without(retired: Mapping[str, str], lost: list[str], kept: list[str]) -> dict[str, str]:
    """Return former choice keys without those whose successor a site does not have."""

    def is_lost(key: str) -> bool:
        owners = [one for one in (*lost, *kept) if key == one or key.startswith(f"{one}-")]
        return max(owners, key=len, default="") in lost

    return {old: new for old, new in retired.items() if not is_lost(new)}
