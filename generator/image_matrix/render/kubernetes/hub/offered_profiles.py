"""Offer profiles to their groups, and accept saved choices under former names."""

from typing import Any, NoReturn

from z2jh import get_config

c: Any


def offered_profiles(spawner: Any) -> list[dict[str, Any]]:
    """Return the profiles of a user; the user's saved choices get their current names."""
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


def refuse() -> NoReturn:
    """Raise an error: no profile is for the user."""
    from tornado.web import HTTPError

    # with an empty list, KubeSpawner starts the image of the chart without limits
    raise HTTPError(
        403,
        "No server is available to you: each is for members of certain groups, and your account is in none of them. "
        "Ask the administrators of this hub to add you to one.",
    )


def renamed(saved: dict[str, Any], profiles: list[dict[str, Any]]) -> dict[str, Any]:
    """Return saved choices with the current names of profiles and images."""
    options = dict(saved)
    for profile in profiles:
        if saved.get("profile") in profile.get("aliases", []):
            options["profile"] = profile["slug"]
    for profile in profiles:
        if profile["slug"] == options.get("profile"):
            for name, option in profile.get("profile_options", {}).items():
                if options.get(name) in option.get("retired", {}):
                    options[name] = option["retired"][options[name]]
    return options


c.KubeSpawner.profile_list = offered_profiles
