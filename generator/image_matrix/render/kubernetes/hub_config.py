"""What the hub runs beside the profile list: the few things that KubeSpawner's list cannot say.

Two entries of ``hub.extraConfig``, each where it is needed.

KubeSpawner ignores ``allowed_groups``, ``aliases`` and ``retired`` in an entry; these lines of ``hub.extraConfig`` read
them. ``profile_list`` may be a function, which is asked before the form is made and again before a server starts. It
sees what the user has saved, so it puts the present names in place of former ones, and the form shows only those.
Where nothing is left for a user it refuses: with an empty list KubeSpawner starts the chart's image without any limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.charts import mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAME = "image-matrix-profiles"
CODE = '''\
"""Offer profiles to their groups, and know saved choices by the names that they had."""
from z2jh import get_config


def offered_profiles(spawner):
    profiles = get_config("singleuser.profileList") or []
    spawner.user_options = renamed(spawner.user_options or {}, profiles)
    groups = {group.name for group in spawner.user.groups}
    offered = [
        profile
        for profile in profiles
        if not profile.get("allowed_groups") or groups.intersection(profile["allowed_groups"])
    ]
    if profiles and not offered:
        refuse()
    return offered


def refuse():
    from tornado.web import HTTPError

    # with an empty list KubeSpawner would start the chart's own image, without a limit
    raise HTTPError(
        403,
        "There is no server for you here: every one is for members of certain groups, and your account is in none of "
        "them. Ask the administrators of this hub to add you to one.",
    )


def renamed(saved, profiles):
    found = dict(saved)
    for profile in profiles:
        if saved.get("profile") in profile.get("aliases", []):
            found["profile"] = profile["slug"]
    for profile in profiles:
        if profile["slug"] == found.get("profile"):
            for name, option in profile.get("profile_options", {}).items():
                if found.get(name) in option.get("retired", {}):
                    found[name] = option["retired"][found[name]]
    return found


c.KubeSpawner.profile_list = offered_profiles
'''

JOINING = "zz-image-matrix-lists"
"""Sorts behind what a site has: the chart runs the entries in this order."""
_JOINING_CODE = '''\
"""Keep what the chart and this hub have in lists: a mapping of a profile would take the place of a list."""
from kubespawner import KubeSpawner
from traitlets import Union

for name in NAMES:
    listed = c.KubeSpawner.get(name, [])
    if hasattr(listed, "get_value"):  # so far only appended to
        listed = listed.get_value([])
    if isinstance(listed, list) and isinstance(KubeSpawner.class_traits()[name], Union):
        c.KubeSpawner[name] = {f"000-{at:03}": item for at, item in enumerate(listed)}
'''


def extra_config(profiles: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the entries of ``hub.extraConfig`` that a profile list needs, name to code."""
    joining = mappings(profiles)
    return {
        **({NAME: CODE} if is_needed(profiles) else {}),
        **({JOINING: _JOINING_CODE.replace("NAMES", repr(joining))} if joining else {}),
    }


def is_needed(profiles: Iterable[dict[str, Any]]) -> bool:
    """Say whether an entry has something that KubeSpawner does not know by itself."""
    return any(
        "allowed_groups" in profile
        or "aliases" in profile
        or any("retired" in option for option in profile.get("profile_options", {}).values())
        for profile in profiles
    )
