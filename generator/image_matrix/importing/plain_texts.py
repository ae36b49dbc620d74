"""Makes plain text of the HTML in names and descriptions of a profile list; a matrix has no HTML.

KubeSpawner's form prints these texts without escaping, so that a link of a list is a link on the page.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from image_matrix.importing.profile_options import options_of
from image_matrix.text import listed
from image_matrix.validate.profiles_texts import HTML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.json_data import Json

NOTE = "HTML in its texts is plain text now, a link its text and its address"
TEXTS = ("display_name", "description")
_LINK = re.compile(
    r"""<a\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))[^>]*>(.*?)</a\s*>""",
    re.IGNORECASE | re.DOTALL,
)
_BREAK = re.compile(r"</?(?:br|p|div|ul|ol|li|tr|td|th|h[1-6])\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<(?:!--.*?--|[a-zA-Z/!?][^>]*)>", re.DOTALL)
_LEFT = re.compile(r"<(?=[a-zA-Z/!?])")
_UNKNOWN = re.compile(r"&(?=(?:#|\w)\w*;)")
"""What is like the name of a character, and is none."""


def with_plain_texts(entry: Mapping[str, Json], notes: list[str]) -> dict[str, Json]:
    """Return an entry whose own texts, and those of its images and sizes, have no HTML; ``notes`` get :data:`NOTE`."""
    options = entry.get("profile_options") or {}
    plain = {name: _option(options[name]) for name in options_of(entry) if name}
    has_html = any(map(_has_html, (entry, *(options[name] for name in plain))))
    kept = [f"`{name}`" for name, option in options.items() if name not in plain and _has_html(option)]
    notes += [NOTE + (f"; that of the option {listed(kept, 5)} stays" if kept else "")] if has_html else []
    return {**_item(entry), **({"profile_options": {**options, **plain}} if plain else {})}


def _has_html(item: Mapping[str, Json]) -> bool:
    """Say whether an entry or an option has HTML in its own texts or those of its choices."""
    items = (item, *(item.get("choices") or {}).values(), item.get("unlisted_choice") or {})
    return any(HTML.search(text) for one in items for text in _texts(one).values())


def _option(option: Mapping[str, Json]) -> dict[str, Json]:
    choices = {key: _item(choice) for key, choice in (option.get("choices") or {}).items()}
    unlisted = option.get("unlisted_choice")
    return {
        **_item(option),
        **({"choices": choices} if choices else {}),
        **({"unlisted_choice": _item(unlisted)} if unlisted else {}),
    }


def _item(item: Mapping[str, Json]) -> dict[str, Json]:
    """Return an entry, option or choice with plain texts; what users type in has texts for its choice, too."""
    return {**item, **{name: plain(text) for name, text in _texts(item).items()}}


def _texts(item: Mapping[str, Json]) -> dict[str, str]:
    names = (*TEXTS, *(f"{name}_in_choices" for name in TEXTS))
    return {name: item[name] for name in names if isinstance(item.get(name), str)}


def plain(text: str) -> str:
    """Return what users read of a text: words in one line, as in a browser; a link is followed by its address."""
    if not HTML.search(text):
        return " ".join(text.split())
    linked = _LINK.sub(lambda link: _with_address(link[4], link[1] or link[2] or link[3] or ""), text)
    words = _TAG.sub("", _BREAK.sub(" ", linked))
    without = " ".join(_characters(words).split())
    return _UNKNOWN.sub("& ", _LEFT.sub("‹", without))


def _with_address(text: str, address: str) -> str:
    shown = _TAG.sub("", text).strip()
    return address if shown in ("", address) else f"{shown} ({address})"


def _characters(text: str) -> str:
    """Return a text with characters in place of their names, also of names that are escaped themselves."""
    before, after = text, html.unescape(text)
    while before != after:
        before, after = after, html.unescape(after)
    return after
