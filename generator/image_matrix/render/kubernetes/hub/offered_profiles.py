"""Offer profiles to their groups, and accept saved choices under former names."""

from typing import Any, NoReturn

from z2jh import get_config

c: Any
NOBODY = (
    "No server is available to you: each is for members of certain groups, and your account is in none of them. "
    "Ask the administrators of this hub to add you to one."
)
GONE = "`{}` is not offered to you, or no longer. Choose again."


def offered_profiles(spawner: Any) -> list[dict[str, Any]]:
    """Return the profiles of a user; the user's saved choices get their current names."""
    profiles = get_config("singleuser.profileList") or []
    spawner.user_options = renamed(spawner.user_options or {}, profiles)
    groups = {group.name for group in spawner.user.groups}
    offered = [offer for profile in profiles if (offer := offer_for(profile, groups)) is not None]
    if profiles and not offered:
        # with an empty list, KubeSpawner starts the image of the chart without limits
        refuse(403, NOBODY)
    if spawner.pending == "spawn":  # what was chosen before may be gone while the form is shown
        require(spawner.user_options, offered)
    return offered


def is_for(entry: dict[str, Any], groups: set[str]) -> bool:
    """Say whether a profile or choice is for one of these groups, or for everybody."""
    return not entry.get("allowed_groups") or not groups.isdisjoint(entry["allowed_groups"])


def offer_for(profile: dict[str, Any], groups: set[str]) -> dict[str, Any] | None:
    """Return a profile with the choices of these groups, or nothing if it leaves them nothing to choose.

    Its options are in the order in which matrix.yaml has them.
    """
    if not is_for(profile, groups):
        return None
    every = profile.get("profile_options") or {}
    order = profile.get("display_order") or list(every)
    options = {name: option_for(every[name], groups) for name in order}
    if not all(
        option["choices"] or option.get("unlisted_choice", {}).get("enabled") for option in options.values()
    ):
        return None
    return {**profile, "profile_options": options} if options else profile


def option_for(option: dict[str, Any], groups: set[str]) -> dict[str, Any]:
    """Return an option with the choices of these groups, in the order in which matrix.yaml has them."""
    choices = option.get("choices") or {}
    keys = option.get("display_order") or list(choices)
    shown = {**option, "choices": {key: choices[key] for key in keys if is_for(choices[key], groups)}}
    if not is_for(option.get("unlisted_choice") or {}, groups):
        del shown["unlisted_choice"]
    return shown


def require(chosen: dict[str, Any], offered: list[dict[str, Any]]) -> None:
    """Raise an error if a profile or choice is not offered: KubeSpawner would answer as if the hub were broken."""
    slug = chosen.get("profile")
    if not slug:
        return  # KubeSpawner takes the first profile
    profile = next((profile for profile in offered if profile["slug"] == slug), None)
    if profile is None:
        refuse(400, GONE.format(slug))
    for name, option in (profile.get("profile_options") or {}).items():
        choice = None if chosen.get(f"{name}--unlisted-choice") else chosen.get(name)
        if choice and choice not in list(option["choices"]):
            refuse(400, GONE.format(choice))


def refuse(status: int, message: str) -> NoReturn:
    """Raise an error that the hub shows to the user."""
    from tornado.web import HTTPError

    error: Any = HTTPError(status, message)
    error.jupyterhub_message = message  # for the page, which would show the status, too
    raise error


def renamed(saved: dict[str, Any], profiles: list[dict[str, Any]]) -> dict[str, Any]:
    """Return saved choices with the current names of profiles and images."""
    options = dict(saved)
    for profile in profiles:
        if saved.get("profile") in profile.get("aliases", []):
            options["profile"] = profile["slug"]
    for profile in profiles:
        if profile["slug"] == options.get("profile"):
            for name, option in profile.get("profile_options", {}).items():
                key = str(options.get(name))  # a start by API may have saved anything
                if key in option.get("retired", {}):
                    options[name] = option["retired"][key]
    return options


c.KubeSpawner.profile_list = offered_profiles
