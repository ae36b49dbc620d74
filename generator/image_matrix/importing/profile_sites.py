"""Decides which keys the profiles of a list get in a matrix, where the list is that of one site among several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.at_site import SITES, is_offered
from image_matrix.config.free_names import free_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.json_data import Json

_STAYS = "is in the matrix already and stays as it is"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the profiles of a list go."""

    keys: Mapping[str, str]
    """Profile of the list to its key in the matrix, for those that the matrix lacks."""
    joined: tuple[str, ...]
    """Profiles of the matrix for other sites, which are the same as one of the list."""
    notes: tuple[str, ...]


def placed(
    listed: Mapping[str, Mapping[str, Json]], taken: Mapping[str, Mapping[str, Json]], site: str | None
) -> Places:
    """Return the keys of profiles in a matrix that has some, ``taken``, for other sites or for this one.

    A profile that the site has stays as it is. One of other sites is joined if it is equal; else the new one has
    a key of its own.
    """
    keys: dict[str, str] = {}
    joined: list[str] = []
    notes: list[str] = []
    for key, fields in listed.items():
        if key not in taken:
            keys[key] = key
        elif site is None or is_offered(taken[key], site):
            notes.append(f"the profile `{key}` {_STAYS}{_of_all(key, fields, taken[key], site)}")
        elif _without_sites(taken[key]) == fields:
            joined.append(key)
        elif (of_site := _of_site(key, taken, site)) is not None:
            notes.append(f"the profile `{of_site}` {_STAYS}")
        elif (equal := _equal(key, fields, taken)) is not None:
            joined.append(equal)
            notes.append(_another(key, equal, taken[key][SITES], site))
        else:
            keys[key] = free_name(f"{key}-{site}", {*taken, *listed, *keys.values()})
            notes.append(_another(key, keys[key], taken[key][SITES], site))
    return Places(keys, tuple(joined), tuple(notes))


def _of_site(key: str, taken: Mapping[str, Mapping[str, Json]], site: str) -> str | None:
    """Return the profile that a site has under another key in place of one of its list."""
    names = (f"{key}-{site}", *_with_alias(key, taken))
    return next((name for name in names if name in taken and is_offered(taken[name], site)), None)


def _equal(key: str, fields: Mapping[str, Json], taken: Mapping[str, Mapping[str, Json]]) -> str | None:
    """Return the profile of other sites that is one of a list under another key."""
    return next((name for name in _with_alias(key, taken) if _as_listed(key, taken[name]) == fields), None)


def _with_alias(key: str, taken: Mapping[str, Mapping[str, Json]]) -> list[str]:
    return [name for name, fields in taken.items() if key in fields.get("aliases", ())]


def _as_listed(key: str, fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return the fields of a profile with an alias as those of the profile with that key."""
    others = [alias for alias in fields["aliases"] if alias != key]
    rest = {name: value for name, value in fields.items() if name not in (SITES, "aliases")}
    return rest | ({"aliases": others} if others else {})


def _another(key: str, new: str, others: Collection[str], site: str) -> str:
    what = f"the profile `{key}` is another one at {', '.join(others)}"
    return f"{what}: at {site}, it is `{new}`, and stored choices of `{key}` start it"


def _of_all(key: str, fields: Mapping[str, Json], present: Mapping[str, Json], site: str | None) -> str:
    """Return what to do where a profile for all sites hides another one, which the list of one site has."""
    if site is None or SITES in present or present == fields:
        return ""
    return f" at every site; the list has another one: write `sites` into `{key}`, without {site}, and import again"


def default_at(
    taken: Mapping[str, Mapping[str, Json]], site: str | None, joined: Collection[str]
) -> str | None:
    """Return the default profile that a site has already, or any of them for no site."""
    marked = (key for key, fields in taken.items() if fields.get("default"))
    return next(
        (key for key in marked if site is None or key in joined or is_offered(taken[key], site)), None
    )


def _without_sites(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if name != SITES}
