"""The locales of images: which of them need a package, which image of a chain brings them, what variables name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors, lineage
from image_matrix.config.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant

BUILT_IN = ("C.UTF-8",)
"""What every Debian and Ubuntu has without the package `locales`; musl has it, too."""
EVERY = "locales-all"
"""The package with every locale."""
_VARIABLE = re.compile(r"LANG|LC_[A-Z]+")
_LOCALE = re.compile(r"([a-z]{2,3}_[A-Z]{2})(?:\.([A-Za-z0-9-]+))?(@[a-z]+)?")
_ALWAYS = ("", "C", "POSIX")


def is_new(variants: Mapping[str, Variant], kinds: Mapping[str, Kind], variant: Variant) -> bool:
    """Say whether the steps of an image must generate its locale: nothing that it is built on has done so."""
    if variant.locale is None or variant.locale in BUILT_IN:
        return False
    return not any(
        above.locale == variant.locale and "locale" not in kinds.get(above.kind, Kind()).ignores
        for above in ancestors(variants, variant)
    )


def missing(variants: Mapping[str, Variant], variant: Variant, name: str, value: str) -> bool:
    """Say whether a variable names a locale that no step of an image or its parents generates (locale(7)).

    It is not known of images whose source has more than a distribution.
    """
    chain = [*lineage(variants, variant)]
    if not _VARIABLE.fullmatch(name) or value in _ALWAYS or any(one.foreign for one in chain):
        return False
    if any(EVERY in one.packages.get("apt", ()) for one in chain):
        return False
    return _normal(value) not in {
        _normal(one) for one in (*BUILT_IN, *(item.locale for item in chain)) if one
    }


def in_utf8(value: str) -> str | None:
    """Return the locale of a value as the field `locale` takes it; ``None`` if it is none."""
    match = _LOCALE.fullmatch(value)
    return f"{match[1]}.UTF-8{match[3] or ''}" if match else None


def _normal(locale: str) -> str:
    """Return a locale as glibc compares names: it looks for ``de_DE.utf8`` where ``de_DE.UTF-8`` is asked for."""
    name, _, charset = locale.partition(".")
    charset, at, modifier = charset.partition("@")
    return f"{name}.{charset.replace('-', '').lower()}{at}{modifier}"
