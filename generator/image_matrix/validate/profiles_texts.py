"""Checks texts for markup that KubeSpawner, Helm or a browser interprets."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.profiles import traits
from image_matrix.profiles.template_fields import known_fields, unknown_fields
from image_matrix.validate.findings import bad_value
from image_matrix.validate.profiles_overrides import each_override

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Matrix
    from image_matrix.config.profiles import Profile
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.json_data import Json

HTML = re.compile(r"<[a-zA-Z/!?][^>]*>?|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]\w+);")
"""What a browser does not show as it is written: tags, and names of characters."""
UNLISTED_TEXTS = (
    "display_name", "display_name_in_choices", "description", "description_in_choices", "validation_message",
)  # fmt: skip
"""What users read about what they may type in."""
_TOOLTIP = "validation_message"
"""What the form has as a tooltip, where `<name>:<tag>` is plain text (KubeSpawner's templates/form.html)."""


def texts(matrix: Matrix) -> Iterator[Finding]:
    """HTML in what users read.

    Braces there are text: KubeSpawner's form and JupyterHub's page print names and descriptions as they are. Source:
    ``_render_options_form`` of KubeSpawner 6.2.0 to 7.1.0, ``spawn.html`` of JupyterHub 4.1.6 and 5.5.0.
    """
    for path, text in _texts(matrix):
        yield from _mark(path, text)
        if path[-1] != _TOOLTIP and (markup := HTML.search(text)):
            character = html.unescape(markup[0])
            advice = (
                f"write `{character}`" if character != markup[0] and character.strip() else "write plain text"
            )
            yield rules.HTML_TEXT.at(path, text=markup[0], advice=advice)


def _texts(matrix: Matrix) -> Iterator[tuple[Path, str]]:
    catalog, images = matrix.catalog, set[str]()
    for section, entries in (("profiles", catalog.profiles), ("sizes", catalog.sizes)):
        for name, entry in entries.items():
            yield (section, name, "display_name"), entry.display_name
            yield (section, name, "description"), entry.description
    for name, profile in catalog.profiles.items():
        images.update(profile.images.names.values())
        yield from _of_choices(("profiles", name), profile)
        if profile.deprecated:
            yield ("profiles", name, "deprecated", "message"), profile.deprecated.message
        for at, group in enumerate(profile.groups):
            yield ("profiles", name, "groups", at), group
    for name in matrix.images.keys() & images:
        yield ("images", name, "description"), matrix.images[name].settings.description or ""


def _of_choices(base: Path, profile: Profile) -> Iterator[tuple[Path, str]]:
    """Yield what users read in the options of a profile."""
    for field, listed in profile.listed.items():
        for key, choice in listed.choices.items():
            yield (*base, field, key, "display_name"), choice.display_name
            yield (*base, field, key, "description"), choice.description
            yield from (((*base, field, key, "groups", at), group) for at, group in enumerate(choice.groups))
    for name, settings in profile.options.items():
        path = (*base, "profile_options", name)
        unlisted = settings.unlisted_choice or {}
        yield (*path, "display_name"), settings.display_name or ""
        for field in UNLISTED_TEXTS:
            yield (*path, "unlisted_choice", field), unlisted.get(field, "")


def environment(matrix: Matrix) -> Iterator[Finding]:
    """Braces in environment values and other settings that are not names which KubeSpawner replaces."""
    kubespawner = matrix.catalog.site.kubespawner
    for name, profile in matrix.catalog.profiles.items():
        for key, value in profile.env.items():
            yield from _expanded(("profiles", name, "env", key), value, kubespawner)
    for path, override in each_override(matrix):
        for key in override.keys() & traits.EXPANDED:
            for place, value in _leaves((*path, key), override[key]):
                yield from _expanded(place, value, kubespawner)


def _mark(path: Path, text: str) -> Iterator[Finding]:
    """A text that Helm writes bare and the hub's YAML reader refuses, which would keep the hub from starting."""
    if text == "=":
        problem = "a single `=` has a meaning in YAML, and the hub fails to start with it"
        yield bad_value(path, problem, "add other characters")


def _expanded(path: Path, value: str, kubespawner: str) -> Iterator[Finding]:
    yield from _mark(path, value)
    for field in unknown_fields(value, kubespawner):
        advice = _advice(field, kubespawner)
        yield rules.EXPANDED_TEXT.at(path, text=field, advice=advice)
        return


def _advice(field: str, kubespawner: str) -> str:
    """Return what to write for a field that KubeSpawner does not know."""
    name = re.split("[!:]", field.strip("{}"))[0]
    known = known_fields(kubespawner)
    if name in known:
        return f"write `{{{name}}}`"
    if not name.isidentifier():
        return "double the braces that are text: `{{` and `}}`"
    near = did_you_mean(f"{name}name" if f"{name}name" in known else name, known)
    return f"{near}; double the braces that are text: `{{{{{name}}}}}`"


def _leaves(path: Path, value: Json) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves((*path, key), item)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves((*path, at), item)
