"""Renders up to two entries of ``hub.extraConfig`` for what KubeSpawner's profile list cannot express.

KubeSpawner ignores ``allowed_groups``, ``aliases`` and ``retired`` in an entry of the list; this code reads them.
``profile_list`` may be a function. KubeSpawner calls it before it shows the form, and again before it starts a server.
The function sees the choices that a user has saved, and replaces former names by the current ones, which the form
shows. If no profile is left for a user, it raises an error: with an empty list, KubeSpawner starts the chart's image
without limits.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.charts import mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAME = "image-matrix-profiles"
JOINING = "zz-image-matrix-lists"
"""The name sorts after a site's entries: the chart runs the entries in this order."""
NO_NAMES = "NAMES: tuple[str, ...] = ()"
"""The line of its code that is replaced."""


def extra_config(profiles: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the entries of ``hub.extraConfig`` that a profile list needs, name to code."""
    joining = mappings(profiles)
    return {
        **({NAME: _code("offered_profiles")} if is_needed(profiles) else {}),
        **({JOINING: _code("joined_lists").replace(NO_NAMES, f"NAMES = {joining!r}")} if joining else {}),
    }


@cache
def _code(module: str) -> str:
    """Return the text of a module that runs in the hub."""
    return (files("image_matrix.render.kubernetes.hub") / f"{module}.py").read_text(encoding="utf-8")


def is_needed(profiles: Iterable[dict[str, Any]]) -> bool:
    """Say whether an entry has a field that KubeSpawner ignores."""
    return any(
        "allowed_groups" in profile
        or "aliases" in profile
        or any("retired" in option for option in profile.get("profile_options", {}).values())
        for profile in profiles
    )
