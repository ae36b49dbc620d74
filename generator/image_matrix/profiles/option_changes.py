"""Compares an option of a profile, such as its sizes, with what it was: its choices, their settings, the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from image_matrix.profiles.choice_pairs import paired
from image_matrix.profiles.offer_change import SettingChange, TitledProfile
from image_matrix.profiles.setting_changes import setting_changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Option = Mapping[str, Any]
    Choice = Mapping[str, Any]
    Choices = Mapping[str, Choice]
    Changes = Iterator[tuple[str, SettingChange]]

OPTION_FIELDS = frozenset({"choices", "retired", "unlisted_choice", "display_order"})
CHOICE_FIELDS = frozenset(
    {"display_name", "description", "default", "kubespawner_override", "allowed_groups"}
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A change of one profile, or of one choice in it."""

    option: str
    subject: str | None
    change: SettingChange
    profile: TitledProfile


def option_changes(option: str, old: Option, new: Option, profile: TitledProfile) -> Iterator[Fact]:
    """Yield what changes of an option in a profile: of its choices, then of the whole."""
    before, after = old.get("choices", {}), new.get("choices", {})
    pairs = paired(before, after)
    if len(before) == len(after) == 1 and not pairs:
        whole = _replaced(option, next(iter(before.values())), next(iter(after.values())))
    else:
        choices = (*_kept(before, after, pairs), *_come(after, pairs), *_gone(old, new, pairs))
        yield from (Fact(option, subject, change, profile) for subject, change in choices)
        whole = (*_preselected(before, after, pairs), *_moved(old, new, pairs))
    further = (*_unlisted(option, old, new), *others_changes(option, old, new, OPTION_FIELDS))
    yield from (Fact(option, None, change, profile) for change in (*whole, *further))


def _kept(before: Choices, after: Choices, pairs: Mapping[str, str]) -> Changes:
    for key, other in pairs.items():
        for change in _choice_changes(before[key], after[other]):
            yield before[key]["display_name"], change


def _come(after: Choices, pairs: Mapping[str, str]) -> Changes:
    for key, choice in after.items():
        if key not in pairs.values():
            yield choice["display_name"], SettingChange("new_choice", "", None, choice["display_name"])


def _gone(old: Option, new: Option, pairs: Mapping[str, str]) -> Changes:
    for key, choice in old.get("choices", {}).items():
        if key not in pairs:
            instead = _stored_choice(key, old, new)
            title = choice["display_name"]
            yield title, SettingChange("removed_choice", "", title, instead)


def _replaced(option: str, old: Choice, new: Choice) -> tuple[SettingChange, ...]:
    """Yield how the only choice differs from the one that it replaces."""
    replaced = SettingChange("only_choice", option, old["display_name"], new["display_name"])
    before, after = old.get("kubespawner_override", {}), new.get("kubespawner_override", {})
    return (replaced, *(change for change in setting_changes(before, after) if change.what != "image"))


def _choice_changes(old: Choice, new: Choice) -> Iterator[SettingChange]:
    yield from text_changes(old, new)
    yield from groups_change(old, new)
    yield from setting_changes(old.get("kubespawner_override", {}), new.get("kubespawner_override", {}))
    yield from others_changes("", old, new, CHOICE_FIELDS)


def _stored_choice(key: str, old: Option, new: Option) -> str | None:
    """Return the title of the choice that users get who have stored a key; ``None`` if there is none.

    Nothing is stored of an option with one choice, which no form shows, and KubeSpawner ignores what is stored then.
    """
    after = new.get("choices", {})
    if len(old.get("choices", {})) < 2 or len(after) < 2:
        return None
    current = key if key in after else new.get("retired", {}).get(key)
    return after[current]["display_name"] if current in after else None


def _preselected(before: Choices, after: Choices, pairs: Mapping[str, str]) -> Iterator[SettingChange]:
    old = next((key for key, choice in before.items() if choice.get("default")), None)
    new = next((key for key, choice in after.items() if choice.get("default")), None)
    if old is not None and new is not None and pairs.get(old) != new:
        yield SettingChange("preselected", "", before[old]["display_name"], after[new]["display_name"])


def _moved(old: Option, new: Option, pairs: Mapping[str, str]) -> Iterator[SettingChange]:
    """Yield the choices that remain, but under another key, while stored keys name another choice now."""
    before, after = old.get("choices", {}), new.get("choices", {})
    for key, other in pairs.items():
        title, stored = after[other]["display_name"], _stored_choice(key, old, new)
        if stored is not None and stored != title:
            yield SettingChange("stored_choice", "", before[key]["display_name"], stored)


def text_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[SettingChange]:
    """Yield the changes of what users read about a profile or choice."""
    for what, field in (("title", "display_name"), ("description", "description")):
        if old.get(field) != new.get(field):
            yield SettingChange(what, "", old.get(field), new.get(field))


def groups_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[SettingChange]:
    """Yield a change of who is offered a profile or choice: ``None`` is everybody."""
    before, after = (item.get("allowed_groups") or () for item in (old, new))
    if set(before) != set(after):
        yield SettingChange("groups", "", *(", ".join(groups) or None for groups in (before, after)))


def _unlisted(option: str, old: Option, new: Option) -> Iterator[SettingChange]:
    """Yield a change of whether users may name what is not in the list, and how."""
    before, after = old.get("unlisted_choice", {}), new.get("unlisted_choice", {})
    allowed = [bool(item.get("enabled")) for item in (before, after)]
    if allowed[0] != allowed[1]:
        yield SettingChange("unlisted_choice", option, *("yes" if value else None for value in allowed))
    elif all(allowed):
        yield from others_changes("unlisted_choice", before, after, frozenset({"enabled"}))


def others_changes(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any], compared: frozenset[str]
) -> Iterator[SettingChange]:
    """Yield the changes of fields that no other comparison covers, such as those that are passed through."""
    rest = [{key: value for key, value in item.items() if key not in compared} for item in (old, new)]
    for change in setting_changes({"": rest[0]}, {"": rest[1]}):
        yield SettingChange("setting", f"{path}{change.name}".lstrip("."), change.before, change.after)
