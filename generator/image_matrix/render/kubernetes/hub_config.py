"""What the hub runs beside the profile list: the few things that KubeSpawner's list cannot say.

Two entries of ``hub.extraConfig``, each where it is needed.

KubeSpawner ignores ``allowed_groups``, ``aliases`` and ``retired`` in an entry; these lines of ``hub.extraConfig`` read
them. ``profile_list`` may be a function, which is asked before the form is made and again before a server starts. It
sees what the user has saved, so it puts the present names in place of former ones, and the form shows only those.
Where nothing is left for a user it refuses: with an empty list KubeSpawner starts the chart's image without any limit.
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
"""Sorts behind what a site has: the chart runs the entries in this order."""
NO_NAMES = "NAMES: tuple[str, ...] = ()"
"""The line of its code that is filled in."""


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
    """Say whether an entry has something that KubeSpawner does not know by itself."""
    return any(
        "allowed_groups" in profile
        or "aliases" in profile
        or any("retired" in option for option in profile.get("profile_options", {}).values())
        for profile in profiles
    )
