"""Reads one entry of KubeSpawner's profile list as a profile: which of its settings are images, sizes, or neither.

Source of the fields: KubeSpawner, ``profile_list``. Settings of the whole entry come before those of a choice, and
mappings are merged; so amounts of the entry belong to each of its sizes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from image_matrix.config.sites import CHART_TOLERATIONS
from image_matrix.importing.former_names import with_current_names
from image_matrix.importing.further_options import further_option
from image_matrix.importing.home_mounts import home_mounts
from image_matrix.importing.nebari_access import groups_of, read_fields
from image_matrix.importing.plain_texts import with_plain_texts
from image_matrix.importing.profile_options import (
    TITLES,
    as_users_see_it,
    in_their_order,
    option_names,
    options_of,
    overrides_of_choices,
)
from image_matrix.importing.size_fields import (
    AMOUNTS,
    carried_over,
    further_fields,
    plain_text,
    settings_of_choice,
    size_of,
    tolerations_of,
)
from image_matrix.profiles.charts import overrides_of
from image_matrix.profiles.override_merge import merged
from image_matrix.profiles.slugs import slugify
from image_matrix.profiles.traits import GUARANTEES, LIMITS
from image_matrix.validate.profiles_texts import UNLISTED_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.json_data import Json

ENTRY = (
    "slug",
    "display_name",
    "description",
    "default",
    "allowed_groups",
    "kubespawner_override",
    "profile_options",
)
CHOICE = ("display_name", "description", "default", "allowed_groups", "kubespawner_override")
OPTION = ("display_name", "choices", "unlisted_choice")
UNLISTED = (*UNLISTED_TEXTS, "validation_regex")
REPLACED_TOLERATIONS = (
    "its tolerations replace those of the chart; "
    "a matrix adds them again, unless the site has `tolerations: []`"
)
"""A note about a profile whose pods have only the tolerations that it lists."""


@dataclass(frozen=True, slots=True)
class ChoiceDraft:
    """A choice before its image or size has a name."""

    subject: Json
    """The reference of an image, ``None`` for the hub's own; or the fields of a size."""
    fields: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A profile before its images and sizes have names."""

    slug: str
    fields: Mapping[str, Json]
    images: Mapping[str, ChoiceDraft]
    """By choice key; an empty key where the entry has no such option."""
    sizes: Mapping[str, ChoiceDraft]
    notes: tuple[str, ...] = ()


def draft_of(given: Mapping[str, Json]) -> ProfileDraft:
    """Return what an entry becomes; its notes name what a matrix cannot say."""
    notes: list[str] = []
    entry = with_plain_texts(as_users_see_it(with_current_names(given, notes)), notes)
    options = dict(entry.get("profile_options") or {})
    image_option, size_option = options_of(entry)
    image, size = options.pop(image_option, None), options.pop(size_option, None)
    common, of_sizes = _divided(entry.get("kubespawner_override") or {}, size)
    reference = common.pop("image", None)
    slug = str(entry.get("slug") or slugify(str(given["display_name"])))
    fields = _titles(entry, groups_of(entry, slug, notes))
    fields |= _profile_fields(common, notes)
    settings = {"image": _settings(image, "image", notes), "size": _settings(size, "size", notes)}
    names = option_names(entry, notes)
    raw = {names[name]: further_option(option, notes) for name, option in options.items()}
    if shown := in_their_order({**settings, **raw}, [*names.values()]):
        fields["profile_options"] = shown
    fields |= _extra(entry, (*ENTRY, *read_fields(entry)))
    notes += home_mounts(
        [
            entry.get("kubespawner_override") or {},
            *overrides_of_choices(image or {}),
            *overrides_of_choices(size or {}),
        ]
    )
    notes += [REPLACED_TOLERATIONS] if _replaces_tolerations(entry) else []
    return ProfileDraft(
        slug=slug,
        fields=fields,
        images=_images(image, reference, notes),
        sizes=_sizes(size, of_sizes, str(entry["display_name"]), notes),
        notes=tuple(notes),
    )


def _replaces_tolerations(entry: Mapping[str, Json]) -> bool:
    """Say whether the pods of an entry have tolerations, and lack some that the chart gives to all pods."""
    overrides = (override for override in overrides_of(entry) if "tolerations" in override)
    every = [tolerations_of(override["tolerations"]) for override in overrides]
    return any(item not in tolerations for tolerations in every for item in CHART_TOLERATIONS)


def _divided(
    override: Mapping[str, Json], size: Mapping[str, Json] | None
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the settings of the whole profile, and those that each size gets.

    A node selector goes to the sizes if one of them selects by the same label, guarantees of devices with the limits.
    """
    of_sizes = overrides_of_choices(size or {})
    labels = {key for one in of_sizes for key in one.get("node_selector") or {}}
    moved = {*AMOUNTS, *(("node_selector",) if labels & set(override.get("node_selector") or {}) else ())}
    moved |= {GUARANTEES} if any(LIMITS in one for one in (override, *of_sizes)) else set()
    common = {name: value for name, value in override.items() if name not in moved}
    return common, {name: value for name, value in override.items() if name in moved}


def _titles(entry: Mapping[str, Json], groups: list[str]) -> dict[str, Json]:
    named: dict[str, Json] = {"display_name": str(entry["display_name"])}
    named |= {"description": entry["description"]} if entry.get("description") else {}
    named |= {"default": True} if entry.get("default") else {}
    return named | ({"groups": groups} if groups else {})


def _extra(item: Mapping[str, Json], known: tuple[str, ...]) -> dict[str, Json]:
    rest = {name: value for name, value in item.items() if name not in known}
    return {"extra": rest} if rest else {}


def _profile_fields(override: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return the fields that a profile has for settings of KubeSpawner, and the override with the rest."""
    rest = dict(override)
    fields: dict[str, Any] = {}
    if env := _texts(rest.get("environment")):
        fields["env"] = env
        del rest["environment"]
    return fields | further_fields(rest, notes)


def _texts(environment: Json) -> dict[str, str] | None:
    """Return variables that are plain texts, or ``None`` if one comes from elsewhere."""
    if not environment or any(isinstance(value, dict) for value in environment.values()):
        return None
    return {name: plain_text(value) for name, value in environment.items()}


def _settings(option: Mapping[str, Json] | None, kind: str, notes: list[str]) -> dict[str, Json]:
    """Return what a profile says about an option beside its choices."""
    if option is None:
        return {}
    title = str(option.get("display_name", TITLES[kind]))
    is_alone = len(option.get("choices") or {}) < 2
    settings: dict[str, Json] = {"display_name": title} if is_alone or title != TITLES[kind] else {}
    unlisted = option.get("unlisted_choice") or {}
    if unlisted.get("enabled"):
        settings["unlisted_choice"] = _unlisted(unlisted, kind, notes)
    return settings | _extra(option, OPTION)


def _unlisted(given: Mapping[str, Json], kind: str, notes: list[str]) -> dict[str, Json]:
    fields: dict[str, Json] = {name: given[name] for name in UNLISTED if name in given}
    override = given.get("kubespawner_override") or {}
    if override and (kind != "image" or override != {"image": "{value}"}):
        fields["kubespawner_override"] = settings_of_choice(override, notes)
    if given.get("allowed_groups"):
        fields["groups"] = list(given["allowed_groups"])
    known = {*UNLISTED, "enabled", "kubespawner_override", "allowed_groups"}
    notes += [f"not carried over: `{name}` of `unlisted_choice`" for name in given if name not in known]
    return fields


def _images(
    option: Mapping[str, Json] | None, reference: str | None, notes: list[str]
) -> dict[str, ChoiceDraft]:
    if option is None:
        return {"": ChoiceDraft(reference)} if reference else {}
    drafts = {}
    for key, choice in _choices(option):
        override = dict(choice.get("kubespawner_override") or {})
        image = override.pop("image", reference)
        fields = _choice_fields(choice)
        if carried := carried_over(override, notes):
            fields["kubespawner_override"] = carried
        drafts[key] = ChoiceDraft(image, fields | _extra(choice, CHOICE))
    return drafts


def _sizes(
    option: Mapping[str, Json] | None, common: Mapping[str, Json], title: str, notes: list[str]
) -> dict[str, ChoiceDraft]:
    if option is None:
        return {"": ChoiceDraft(size_of(common, title, "", notes))} if common else {}
    drafts = {}
    for key, choice in _choices(option):
        settings = merged(common, choice.get("kubespawner_override") or {})
        about = str(choice.get("description", ""))
        size = size_of(settings, str(choice.get("display_name", key)), about, notes)
        fields = {
            name: value
            for name, value in _choice_fields(choice).items()
            if name not in ("display_name", "description")
        }
        drafts[key] = ChoiceDraft(size, fields | _extra(choice, CHOICE))
    return drafts


def _choices(option: Mapping[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the choices; the default is marked only where it is not the first one, which needs no mark."""
    choices = {str(key): choice for key, choice in (option.get("choices") or {}).items()}
    default = next((key for key, choice in choices.items() if choice.get("default")), None)
    for at, (key, choice) in enumerate(choices.items()):
        kept = {name: value for name, value in choice.items() if name != "default"}
        yield key, {**kept, **({"default": True} if at and key == default else {})}


def _choice_fields(choice: Mapping[str, Json]) -> dict[str, Json]:
    fields: dict[str, Json] = {
        name: str(choice[name]) for name in ("display_name", "description") if choice.get(name)
    }
    fields |= {"default": True} if choice.get("default") else {}
    return fields | ({"groups": list(choice["allowed_groups"])} if choice.get("allowed_groups") else {})
