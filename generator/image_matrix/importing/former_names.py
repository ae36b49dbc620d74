"""Gives settings in a profile list the names that KubeSpawner has for them today, and names those that it never reads.

Source: KubeSpawner, ``_deprecated_traits`` and ``_apply_overrides``: a former name sets the setting that it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.profiles.charts import OVERRIDE
from image_matrix.profiles.helm import in_order
from image_matrix.profiles.override_merge import merged
from image_matrix.profiles.traits import FORMER, KNOWN
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

SETTINGS = KNOWN | FORMER.keys() | {"image"}


def with_current_names(entry: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return an entry whose settings, and those of its choices, have no former names; ``notes`` get what changes."""
    options = {name: _option(option, notes) for name, option in (entry.get("profile_options") or {}).items()}
    return {**_item(entry, notes), **({"profile_options": options} if options else {})}


def _option(option: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    choices = {key: _item(choice, notes) for key, choice in (option.get("choices") or {}).items()}
    unlisted = option.get("unlisted_choice")
    return {
        **option,
        **({"choices": choices} if choices else {}),
        **({"unlisted_choice": _item(unlisted, notes)} if unlisted else {}),
    }


def _item(item: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return an entry or a choice with the current names in its override."""
    if unread := [f"`{name}`" for name in item if name in SETTINGS]:
        notes.append(
            f"KubeSpawner reads settings in `{OVERRIDE}` alone: beside it, it ignores {listed(unread, 5)}"
        )
    override = item.get(OVERRIDE) or {}
    former = [name for name in override if name in FORMER]
    if not former:
        return dict(item)
    notes += [
        f"`{name}` is KubeSpawner's former name of `{FORMER[name]}`, and is called that now"
        for name in former
    ]
    # the hub sets one after the other, in the order in which Helm wrote them
    renamed = merged(*({FORMER.get(name, name): override[name]} for name in in_order(override)))
    return {**item, OVERRIDE: renamed}
