"""Renders up to two entries of ``hub.extraConfig`` for what KubeSpawner's profile list cannot express.

KubeSpawner ignores ``allowed_groups``, ``aliases``, ``retired`` and ``display_order``, which this code reads.
``profile_list`` may be a function. KubeSpawner calls it before it shows the form, and again before it starts a server.
The function sees the choices that a user has saved, and replaces former names by the current ones, which the form
shows. If no profile is left for a user, it raises an error: with an empty list, KubeSpawner starts the chart's image
without limits. It also says what a start names that is not offered, as a page shows that was opened before a release
was taken back: KubeSpawner raises a ValueError or KeyError, which JupyterHub reports as HTTP 500.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.charts import mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

NAME = "image-matrix-profiles"
JOINING = "zz-image-matrix-lists"
"""The name sorts after a site's entries: the chart runs the entries in this order."""
READ = {"aliases", "allowed_groups", "display_order", "retired"}
"""The fields that the code reads."""
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


def is_needed(profiles: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether an entry, an option or a choice has a field that KubeSpawner ignores."""
    return any(READ & part.keys() for profile in profiles for part in _parts(profile))


def _parts(profile: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield an entry, its options and their choices."""
    yield profile
    for option in (profile.get("profile_options") or {}).values():
        yield option
        yield from (option.get("choices") or {}).values()
        yield option.get("unlisted_choice") or {}
