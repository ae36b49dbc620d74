"""Checks what profiles say about their choices and options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.diagnostics import Finding, Path


def _beside(*names: str) -> dict[str, str]:
    return {name: f"write `{name}:` beside `extra`" for name in names}


_OF_CHOICE = {
    **_beside("display_name", "description", "default", "kubespawner_override"),
    "allowed_groups": "write `groups:` beside `extra`",
}
_OF_PROFILE = {
    **_OF_CHOICE, **_beside("aliases", "profile_options"),
    "slug": "remove it: the key of the profile is its slug",
    "display_order": "remove it: users see the options in the order of `profile_options`",
}  # fmt: skip
_OF_OPTION = {
    **_beside("display_name", "unlisted_choice"),
    "choices": "write choices as `images:` or `sizes:` of the profile",
    "display_order": "remove it: users see the choices in the order of the matrix",
    "retired": "write `retired:` in the profile",
}
"""Fields that are written to the list, with what to do instead."""


def defaults(matrix: Matrix) -> Iterator[Finding]:
    """A second preselected choice of an option."""
    for path, profile in _profiles(matrix):
        for field, listed in profile.listed.items():
            marked = [key for key, choice in listed.choices.items() if choice.default]
            for key in marked[1:]:
                where = ((*path, field, key, "default"), (*path, field, marked[0], "default"))
                what = f"choice of `{field}`"
                finding = rules.SECOND_DEFAULT.at(where[0], "key", first=marked[0], second=key, what=what)
                yield finding.beside((where[1], "the first one"))


def _profiles(matrix: Matrix) -> Iterator[tuple[Path, Profile]]:
    return ((("profiles", name), profile) for name, profile in matrix.catalog.profiles.items())


def previous_releases(matrix: Matrix) -> Iterator[Finding]:
    """Previous releases of what this matrix does not build."""
    for path, profile in _profiles(matrix):
        for key, choice in profile.images.choices.items():
            if choice.release == "previous" and (choice.name in matrix.sources or choice.name == HUB_IMAGE):
                what = "the hub's own image" if choice.name == HUB_IMAGE else f"the source `{choice.name}`"
                advice = "remove `release`; declare an older image as another source, and offer both"
                problem = f"only images of this matrix have releases, not {what}"
                yield bad_value((*path, "images", key, "release"), problem, advice)


def patterns(matrix: Matrix) -> Iterator[Finding]:
    """Patterns that are no regular expressions, or that end the attribute of the form that they are in."""
    for path, profile in _profiles(matrix):
        for name, settings in profile.options.items():
            pattern = (settings.unlisted_choice or {}).get("validation_regex", "")
            place = (*path, "profile_options", name, "unlisted_choice", "validation_regex")
            yield from _pattern(place, pattern)
        for name, option in profile.more_options.items():
            unlisted = option.get("unlisted_choice") or {}
            place = (*path, "profile_options", name, "unlisted_choice", "validation_regex")
            yield from _pattern(place, str(unlisted.get("validation_regex") or ""))


def _pattern(path: Path, pattern: str) -> Iterator[Finding]:
    try:
        re.compile(pattern)
    except re.error as error:
        at = "" if error.pos is None else f" at character {error.pos + 1}"
        problem = f"`{pattern}` is not a regular expression: {error.msg}{at}"
        yield bad_value(path, problem, "write Python's syntax (https://docs.python.org/3/library/re.html)")
    else:
        if '"' in pattern:
            problem = "KubeSpawner writes the pattern into its form, where a double quote ends it"
            yield bad_value(path, problem, r"write `\x22` for a double quote")


def extras(matrix: Matrix) -> Iterator[Finding]:
    """Fields in ``extra`` that other fields write."""
    for path, profile in _profiles(matrix):
        yield from _colliding((*path, "extra"), profile.extra, _OF_PROFILE)
        for field, listed in profile.listed.items():
            for key, choice in listed.choices.items():
                yield from _colliding((*path, field, key, "extra"), choice.extra, _OF_CHOICE)
        for name, settings in profile.options.items():
            yield from _colliding((*path, "profile_options", name, "extra"), settings.extra, _OF_OPTION)


def _colliding(path: Path, extra: Collection[str], ours: Mapping[str, str]) -> Iterator[Finding]:
    for key in extra:
        if key in ours:
            yield rules.EXTRA_COLLIDES.at((*path, key), "key", key=key, where=human(path), advice=ours[key])
