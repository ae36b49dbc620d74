"""Lists the changes that users of the hub will notice: profiles that are new, removed or changed, and new images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.offer import offers
from image_matrix.render.docs.images_page import text
from image_matrix.render.kubernetes.kubespawner import profile_list

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.loaded import Loaded

LISTED = 40
"""The maximum number of profiles in the list."""


def profile_changes(new: Loaded, old: Loaded | None, rebuilt: Collection[str]) -> str:
    """Return a Markdown list, or an empty text if users notice nothing.

    ``rebuilt`` are the ids of variants with new images. Without an old state, nothing is compared.
    """
    after = _entries(new)
    before = _entries(old) if old is not None else after
    lines = _added_and_removed(after, before, _renamed(new, before))
    for slug in (slug for slug in after if slug in before):
        differences = _differences(before[slug], after[slug], _used(new, slug) & set(rebuilt))
        if differences:
            lines.append(f"- **{_name(after[slug])}**: {differences}")
    rest = [f"- … and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    return "\n".join(["Profiles that change for users:", "", *lines[:LISTED], *rest, ""]) if lines else ""


def _renamed(new: Loaded, before: Mapping[str, Any]) -> dict[str, str]:
    """Return the old slugs of renamed profiles, with their new slugs."""
    return {
        alias: slug
        for slug, profile in new.matrix.catalog.profiles.items()
        for alias in profile.aliases
        if alias in before and slug not in before
    }


def _added_and_removed(
    after: Mapping[str, Mapping[str, Any]],
    before: Mapping[str, Mapping[str, Any]],
    renamed: Mapping[str, str],
) -> list[str]:
    added = [slug for slug in after if slug not in before and slug not in renamed.values()]
    removed = [slug for slug in before if slug not in after and slug not in renamed]
    return [
        *(f"- new: **{_name(after[slug])}**" for slug in added),
        *(
            f"- **{_name(before[old])}** is now **{_name(after[slug])}**; saved choices follow"
            for old, slug in renamed.items()
        ),
        *(f"- no longer offered: **{_name(before[slug])}**" for slug in removed),
    ]


def _name(entry: Mapping[str, Any]) -> str:
    return text(entry["display_name"])


def _differences(before: Mapping[str, Any], after: Mapping[str, Any], rebuilt: Collection[str]) -> str:
    different = [
        field.replace("_", " ") for field in {**before, **after} if before.get(field) != after.get(field)
    ]
    parts = [f"changed {', '.join(different)}"] if different else []
    images = sorted({name.partition(":")[0] for name in rebuilt})
    parts += [f"new image of {', '.join(f'`{name}`' for name in images)}"] if images else []
    return "; ".join(parts)


def _entries(loaded: Loaded) -> dict[str, Mapping[str, Any]]:
    """Return what users see, by slug, with variants instead of image references."""
    names = {name: name for name in loaded.variants}
    entries = profile_list(loaded.matrix, offers(loaded.matrix, loaded.variants), names)
    for entry in entries:
        entry.pop("aliases", None)
        for option in entry.get("profile_options", {}).values():
            option.pop("retired", None)
    return {entry["slug"]: entry for entry in entries}


def _used(loaded: Loaded, slug: str) -> set[str]:

    offered = offers(loaded.matrix, loaded.variants)
    return {choice.variant.id for offer in offered if offer.slug == slug for choice in offer.images}
