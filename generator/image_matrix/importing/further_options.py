"""Takes over options of a profile list that are neither images nor sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.importing.size_fields import settings_of_choice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json


def further_option(option: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return an option with the settings in its choices that a matrix can have; all else stays as it is."""
    choices = {str(key): _choice(choice, notes) for key, choice in (option.get("choices") or {}).items()}
    others = (
        {"unlisted_choice": _choice(option["unlisted_choice"], notes)} if "unlisted_choice" in option else {}
    )
    return {**option, "choices": choices, **others}


def _choice(choice: Json, notes: list[str]) -> Json:
    """Return a choice without the settings that a matrix cannot have."""
    if not choice or not choice.get("kubespawner_override"):
        return choice
    rest = {name: item for name, item in choice.items() if name != "kubespawner_override"}
    carried = settings_of_choice(choice["kubespawner_override"], notes)
    return {**rest, "kubespawner_override": carried} if carried else rest
