"""Makes profiles, sizes and sources of a matrix from the entries of KubeSpawner's profile list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.free_names import free_name
from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.importing.list_places import ListOrigin
from image_matrix.importing.profile_drafts import draft_of
from image_matrix.importing.profile_sites import default_at, placed
from image_matrix.importing.sources import source_or_image, untagged
from image_matrix.profiles.slugs import slugify
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.importing.profile_drafts import ChoiceDraft, ProfileDraft
    from image_matrix.importing.sources import Known
    from image_matrix.json_data import Json


_FIRST = ("display_name", "description", "default", "sites", "groups", "aliases", "images", "sizes")
"""The fields of a profile that people write first, in their order."""


@dataclass(frozen=True, slots=True)
class ImportedProfiles:
    """Entries for a matrix."""

    sources: Mapping[str, Json]
    sizes: Mapping[str, Json]
    profiles: Mapping[str, Json]
    joined: tuple[str, ...]
    """Profiles of the matrix that the list has as well: the site of the list is added to theirs."""
    notes: tuple[str, ...]
    """What a matrix cannot say, and what changes for users."""
    origins: Mapping[tuple[str, str], ListOrigin]
    """Section and name of an entry to what it is from."""


@dataclass(frozen=True, slots=True)
class TakenNames:
    """The sizes and profiles that a matrix has."""

    sizes: Mapping[str, Json]
    profiles: Mapping[str, Json] = field(default_factory=dict)


def profiles_of(
    entries: Sequence[Mapping[str, Json]], known: Known, taken: TakenNames, hub: str, site: str | None = None
) -> ImportedProfiles:
    """Return what the entries become, for one site or for all.

    ``hub`` is the version of jupyterhub in the hub, which the images must have as well. Profiles that the matrix has
    already are left out; sizes and sources that it has are used.
    """
    drafts = _keyed([draft_of(entry) for entry in entries])
    places = placed(_written(drafts, known, taken).profiles, taken.profiles, site)
    new = {places.keys[key]: draft for key, draft in drafts.items() if key in places.keys}
    written = _written(new, known, taken)
    former = default_at(taken.profiles, site, places.joined)
    of_site: dict[str, Json] = {"sites": [site]} if site else {}
    aliases = {
        places.keys[key]: {"aliases": [key]}
        for key, draft in drafts.items()
        if key != places.keys.get(key, key) and draft.slug == key
    }
    profiles = {
        key: _in_order(fields | of_site | aliases.get(key, {}))
        for key, fields in _one_default(written.profiles, former).items()
    }
    return ImportedProfiles(
        sources={
            name: {"image": reference, "provides": {"jupyterhub": hub.partition(".")[0]}}
            for name, reference in written.images.added.items()
        },
        sizes=written.sizes.added,
        profiles=profiles,
        joined=places.joined,
        notes=(*_notes(new), *written.images.notes, *places.notes, *_kept(written.profiles, former)),
        origins=_origins([places.keys.get(key, key) for key in drafts], new, written.images, written.sizes),
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """Profiles as a matrix has them, with the names of their images and sizes."""

    images: _Images
    sizes: _Sizes
    profiles: dict[str, dict[str, Json]]


def _written(drafts: Mapping[str, ProfileDraft], known: Known, taken: TakenNames) -> _Written:
    images, sizes = _image_names(drafts, known), _size_names(drafts, taken.sizes)
    profiles = {key: _profile(key, draft, images, sizes) for key, draft in drafts.items()}
    return _Written(images, sizes, profiles)


def _kept(profiles: Mapping[str, Mapping[str, Json]], former: str | None) -> list[str]:
    """Return what is said where the list's default is none, because another profile is the default already."""
    marked = next((key for key, fields in profiles.items() if fields.get("default")), None)
    problem = f"the profile `{former}` stays the default, so `{marked}` is none"
    return [f"{problem}; to change that, move `default: true`"] if marked and former else []


def _origins(
    every: Iterable[str], new: Mapping[str, ProfileDraft], images: _Images, sizes: _Sizes
) -> dict[tuple[str, str], ListOrigin]:
    """Return what each entry is from; of a size or source of several profiles, it is the first."""
    positions = {key: position for position, key in enumerate(every)}
    of_sizes = [
        (("sizes", name), ListOrigin(positions[key], choice)) for (key, choice), name in sizes.names.items()
    ]
    of_sources = [
        (("sources", images.names[choice.subject]), ListOrigin(positions[key], choice.subject, is_image=True))
        for key, draft in new.items()
        for choice in draft.images.values()
        if choice.subject is not None
    ]
    of_profiles = [(("profiles", key), ListOrigin(positions[key])) for key in new]
    return dict(reversed([*of_profiles, *of_sizes, *of_sources]))


def _notes(drafts: Mapping[str, ProfileDraft]) -> list[str]:
    """Return each note once, with the profiles that it is about."""
    concerned: dict[str, list[str]] = {}
    for key, draft in drafts.items():
        for note in dict.fromkeys(draft.notes):
            concerned.setdefault(note, []).append(f"`{key}`")
    return [
        f"profile{'s' if len(keys) > 1 else ''} {listed(keys, 5)}: {note}" for note, keys in concerned.items()
    ]


def _keyed(drafts: Sequence[ProfileDraft]) -> dict[str, ProfileDraft]:
    """Return the drafts by the keys of profiles: their slugs, as far as these can be keys.

    A slug that can be one belongs to the first profile that has it, as in KubeSpawner.
    """
    slugs = {draft.slug for draft in drafts}
    keyed: dict[str, ProfileDraft] = {}
    for draft in drafts:
        name = slugify(draft.slug) or "profile"
        others = {*keyed, *(slugs - {draft.slug})}
        keyed[free_name(name, others)] = draft
    return keyed


@dataclass(frozen=True, slots=True)
class _Images:
    """The names of images from outside, and the sources that are new."""

    names: Mapping[str, str]
    added: Mapping[str, str]
    notes: tuple[str, ...]
    """What is said of references that became sources."""


def _image_names(drafts: Mapping[str, ProfileDraft], known: Known) -> _Images:
    names: dict[str, str] = {}
    added: dict[str, str] = {}
    notes: list[str] = []
    choices = [choice for draft in drafts.values() for choice in draft.images.values()]
    for reference in dict.fromkeys(choice.subject for choice in choices if choice.subject is not None):
        names[reference], new = source_or_image(reference, "", known, added)
        added |= new
        notes += [problem] if new and (problem := untagged(reference)) else []
    return _Images(names, added, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The name of each size by profile and choice key, and the sizes that are new."""

    names: Mapping[tuple[str, str], str]
    added: Mapping[str, Json]


def _size_names(drafts: Mapping[str, ProfileDraft], taken: Mapping[str, Json]) -> _Sizes:
    """Name sizes: by their choice key, with the profile where another one has that, once for all that are equal."""
    every = dict(taken)
    names: dict[tuple[str, str], str] = {}
    for key, draft in drafts.items():
        for choice, size in draft.sizes.items():
            equal = next((name for name, fields in every.items() if fields == size.subject), None)
            name = equal or _size_name(choice, key, every)
            every[name] = size.subject
            names[key, choice] = name
    return _Sizes(names, {name: fields for name, fields in every.items() if name not in taken})


def _size_name(choice: str, profile: str, taken: Collection[str]) -> str:
    names = [choice, f"{choice}-{profile}"] if choice else [profile]
    return next((name for name in names if name not in taken), None) or free_name(names[-1], taken)


def _profile(key: str, draft: ProfileDraft, images: _Images, sizes: _Sizes) -> dict[str, Json]:
    """Return the fields of a profile."""
    fields = dict(draft.fields)
    fields |= {"aliases": [draft.slug]} if draft.slug not in ("", key, slugify(draft.slug)) else {}
    image_names = {
        choice: HUB_IMAGE if item.subject is None else images.names[item.subject]
        for choice, item in draft.images.items()
    }
    size_names = {choice: sizes.names[key, choice] for choice in draft.sizes}
    options = {
        "images": _choices("image", draft.images, image_names),
        "sizes": _choices("size", draft.sizes, size_names),
    }
    return fields | {name: choices for name, choices in options.items() if choices}


def _in_order(fields: Mapping[str, Json]) -> dict[str, Json]:
    first = {name: fields[name] for name in _FIRST if name in fields}
    return first | {name: value for name, value in fields.items() if name not in _FIRST}


def _choices(field: str, drafts: Mapping[str, ChoiceDraft], names: Mapping[str, str]) -> Json:
    """Return names, or choice keys with a name or a choice each."""
    if list(names) == [""]:
        return [names[""]]
    written = {
        key: {field: names[key], **draft.fields} if draft.fields else names[key]
        for key, draft in drafts.items()
    }
    is_plain = all(name == key for key, name in written.items() if isinstance(name, str))
    return list(written) if is_plain and all(isinstance(name, str) for name in written.values()) else written


def _one_default(profiles: Mapping[str, dict[str, Json]], former: str | None) -> dict[str, dict[str, Json]]:
    """Return the profiles with the first default only, which is the one that KubeSpawner takes; none beside another."""
    marked = [key for key, profile in profiles.items() if profile.get("default")][:1]
    kept = [] if former else marked
    return {
        key: {name: value for name, value in profile.items() if name != "default" or key in kept}
        for key, profile in profiles.items()
    }
