"""Words changes of what a spawner offers, for reviewers: ``Medium: memory limit 16Gi → 8Gi (5 profiles)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.profiles.offer_change import NO_LIMIT
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.profiles.offer_change import OfferChange, SettingChange, TitledProfile

NAMED = 3
"""The maximum number of profiles whose names are in a line; more are counted."""
LONGEST = 60
"""The maximum length of a value in characters."""


@dataclass(frozen=True, slots=True)
class Style:
    """How an output marks texts of the matrix; each function also escapes them for it."""

    bold: Callable[[str], str]
    code: Callable[[str], str]
    plain: Callable[[str], str]


TERMINAL = Style(bold=str, code=lambda text: f"`{text}`", plain=str)


def change_lines(changes: Iterable[OfferChange], style: Style) -> list[str]:
    """Return a line for each subject, with all that changes of it for the same profiles."""
    grouped: dict[tuple[object, ...], list[OfferChange]] = {}
    for item in changes:
        option = item.option if item.subject else ""
        alone = None if item.profiles else item
        grouped.setdefault((option, item.subject, item.profiles, item.sites, alone), []).append(item)
    return [_line(items, style) for items in grouped.values()]


def _line(items: list[OfferChange], style: Style) -> str:
    first = items[0]
    words = ", ".join(wording(item.change, style) for item in items)
    notes = [", ".join(titles)] if first.subject and (titles := _titles(first.profiles, style)) else []
    notes += [f"at {listed(map(style.code, first.sites), NAMED)}"] if first.sites else []
    return _head(first, style) + words + (f" ({'; '.join(notes)})" if notes else "")


def _head(item: OfferChange, style: Style) -> str:
    """Return what a line is about: a choice, or the profiles; nothing for a change of the list."""
    if item.subject:
        return f"{style.bold(shortened(item.subject))}: "
    names = ", ".join(style.bold(title) for title in _titles(item.profiles, Style(str, str, str)))
    return f"{names}: " if names else ""


def _titles(profiles: tuple[TitledProfile, ...], style: Style) -> list[str]:
    """Return the titles of a few profiles, or the number of many."""
    if len(profiles) > NAMED:
        return [plural(len(profiles), "profile")]
    return [style.plain(shortened(profile.title)) for profile in profiles]


def wording(change: SettingChange, style: Style) -> str:
    """Return what changes, in words."""
    word = _WORDS.get(change.what)
    return word(change, style) if word else _value(change, style)


def shortened(value: str) -> str:
    """Return a value in one line, cut if it is long; quotes for nothing."""
    line = " ".join(value.split()) or '""'
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _amount(title: str, unset: str) -> Callable[[SettingChange, Style], str]:
    """Word an amount; ``unset`` is what pods get if nothing is set."""

    def words(change: SettingChange, style: Style) -> str:
        sides = (
            unset if value is None else "no limit" if value == NO_LIMIT else value
            for value in (change.before, change.after)
        )
        return f"{title} {' → '.join(style.plain(side) for side in sides)}"

    return words


def _device(ending: str) -> Callable[[SettingChange, Style], str]:
    def words(change: SettingChange, style: Style) -> str:
        before, after = (style.plain(value or "none") for value in (change.before, change.after))
        return f"{style.code(change.name)}{ending} {before} → {after}"

    return words


def _named(new: str, gone: str, changed: str) -> Callable[[SettingChange, Style], str]:
    """Word a setting that has a name, such as a variable."""

    def words(change: SettingChange, style: Style) -> str:
        name, before, after = change.name, change.before, change.after
        if before is None:
            return f"{new} {style.code(name + '=' + shortened(after or ''))}"
        if after is None:
            return f"{gone} {style.code(name)}"
        return f"{changed} {style.code(name)} {_arrow_of_code(before, after, style)}"

    return words


def _value(change: SettingChange, style: Style) -> str:
    """Word a setting without a word of its own, by its path."""
    name, before, after = style.code(change.name), change.before, change.after
    if before is None:
        return f"sets {name} to {style.code(shortened(after or ''))}"
    if after is None:
        return f"no longer sets {name}"
    return f"{name} {_arrow_of_code(before, after, style)}"


def _arrow_of_code(before: str, after: str, style: Style) -> str:
    return f"{style.code(shortened(before))} → {style.code(shortened(after))}"


def _toleration(change: SettingChange, style: Style) -> str:
    if change.after is None:
        return f"no longer tolerates {style.code(change.before or '')}"
    return f"tolerates {style.code(change.after)}"


def _image(change: SettingChange, style: Style) -> str:
    before, after = (value or "the hub's own" for value in (change.before, change.after))
    return f"image {_arrow_of_code(before, after, style)}"


def _groups(change: SettingChange, style: Style) -> str:
    """Word who is offered a profile, by whom it concerns."""
    before, after = (list(filter(None, (value or "").split(", "))) for value in (change.before, change.after))
    come, gone = (
        [name for name in one if name not in other] for one, other in ((after, before), (before, after))
    )
    if not after:
        return "now for everybody"
    if not before:
        return f"now only for {_codes(after, style)}"
    if come and gone:
        return f"now for {_codes(come, style)}, no longer for {_codes(gone, style)}"
    return f"also for {_codes(come, style)}" if come else f"no longer for {_codes(gone, style)}"


def _codes(names: list[str], style: Style) -> str:
    return listed(map(style.code, names), NAMED)


def between(before: str, after: str) -> str:
    """Return both titles, without the words that they share, if only the last word differs: ``Python 3.13 → 3.11``."""
    start, last = before.rsplit(" ", 1)[0], after.rsplit(" ", 1)[-1]
    short = " " in before and after == f"{start} {last}" and last[:1].isdigit() and not last.endswith(")")
    return f"{shortened(before)} → {last if short else shortened(after)}"


def _titles_between(start: str) -> Callable[[SettingChange, Style], str]:
    def words(change: SettingChange, style: Style) -> str:
        return f"{start} {style.plain(between(change.before or '', change.after or ''))}"

    return words


def _new_title(change: SettingChange, style: Style) -> str:
    return f"now called {style.bold(shortened(change.after or ''))}"


def _description(change: SettingChange, style: Style) -> str:
    before, after = (
        f"“{style.plain(shortened(value))}”" if value else "none" for value in (change.before, change.after)
    )
    return f"description {before} → {after}"


def _deprecated(change: SettingChange, style: Style) -> str:
    return f"now deprecated: “{style.plain(shortened((change.after or '').removeprefix('Deprecated: ')))}”"


def _removed_choice(change: SettingChange, style: Style) -> str:
    instead = f"; saved choices get {style.plain(shortened(change.after))}" if change.after else ""
    return f"no longer offered{instead}"


def _stored_choice(change: SettingChange, style: Style) -> str:
    before, after = (style.plain(shortened(value or "")) for value in (change.before, change.after))
    return f"saved choices of {before} get {after}"


def _only_choice(change: SettingChange, style: Style) -> str:
    return _titles_between(change.name)(change, style)


def _unlisted(change: SettingChange, style: Style) -> str:
    what = style.plain(change.name)
    return f"users may type another {what}" if change.after else f"users may no longer type another {what}"


def _new_profile(change: SettingChange, style: Style) -> str:
    groups = change.after.split(", ") if change.after else []
    return f"new profile, only for {_codes(groups, style)}" if groups else "new profile"


def _removed_profile(change: SettingChange, style: Style) -> str:
    instead = f"; saved choices get {style.bold(shortened(change.after))}" if change.after else ""
    return f"no longer offered{instead}"


def _renamed_profile(change: SettingChange, style: Style) -> str:
    return f"now {style.bold(shortened(change.after or ''))} under another slug; saved choices follow"


def _order(change: SettingChange, style: Style) -> str:
    return f"profiles in another order: {style.plain(change.after or '')}"


_HUB = "the hub's default"
_WORDS: Mapping[str, Callable[[SettingChange, Style], str]] = {
    "memory_limit": _amount("memory limit", _HUB),
    "memory_guarantee": _amount("memory guarantee", _HUB),
    "cpu_limit": _amount("CPU limit", _HUB),
    "cpu_guarantee": _amount("CPU guarantee", _HUB),
    "shm": _amount("/dev/shm", "the default"),  # noqa: S108 - in a pod
    "runtime_class": _amount("runtime class", "the default"),
    "device": _device(""),
    "device_guarantee": _device(" guarantee"),
    "node_selector": _named("needs nodes with", "no longer needs nodes with", "node selector"),
    "environment": _named("sets", "no longer sets", "variable"),
    "toleration": _toleration,
    "image": _image,
    "groups": _groups,
    "title": _new_title,
    "description": _description,
    "deprecated": _deprecated,
    "new_choice": lambda change, style: "new choice",  # noqa: ARG005
    "removed_choice": _removed_choice,
    "stored_choice": _stored_choice,
    "only_choice": _only_choice,
    "preselected": _titles_between("preselected"),
    "preselected_profile": _titles_between("preselected profile"),
    "unlisted_choice": _unlisted,
    "new_profile": _new_profile,
    "removed_profile": _removed_profile,
    "renamed_profile": _renamed_profile,
    "order": _order,
}
"""Kind of setting to the function that words it."""
