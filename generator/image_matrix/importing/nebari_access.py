"""Reads whom an entry of a profile list is offered to: `allowed_groups`, and what Nebari's own lines in the hub read.

Source of Nebari's fields: nebari-dev/nebari, ``files/jupyterhub/03-profiles.py``, ``render_profiles``: with
``access: yaml``, the users in ``users`` and the members of ``groups``; with ``keycloak``, those that Keycloak names;
else all users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

WORDS = ("all", "yaml", "keycloak")
FIELDS = ("access", "groups", "users")
"""What Nebari reads; only `access: yaml` has use for the other two."""


def read_fields(entry: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the fields of an entry that are Nebari's; another deployment may have fields of these names."""
    return FIELDS if entry.get("access") in WORDS else ()


def groups_of(entry: Mapping[str, Json], slug: str, notes: list[str]) -> list[str]:
    """Return the groups that are offered an entry, none for all users.

    A limit that is none of groups becomes a group of its own, called like the profile, and a note: what some users
    were offered must not be offered to all.
    """
    groups = _texts(entry.get("allowed_groups"))
    access = entry.get("access")
    if access == "keycloak":
        given = "`access: keycloak`"
    elif access == "yaml":
        users = _texts(entry.get("users"))
        groups += [name for name in _texts(entry.get("groups")) if name not in groups]
        given = f"`users: [{', '.join(users)}]`" if users else "`access: yaml` without `groups`"
        if groups and not users:
            return groups
    else:
        return groups
    groups = groups or [slug]
    names = ", ".join(f"`{name}`" for name in groups)
    notes.append(
        f"not carried over: {given}; only members of {names} are offered it now, so put its users there in the hub"
    )
    return groups


def _texts(values: Json) -> list[str]:
    every = values if isinstance(values, list) else [values] if values else []
    return list(dict.fromkeys(map(str, every)))
