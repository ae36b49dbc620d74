"""Lists what KubeSpawner replaces in texts, as ``{username}``, and reads such texts.

Source: KubeSpawner 6.2.0, 7.0.0 and 7.1.0, ``_expand_user_properties``, which calls ``str.format``.
"""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

from image_matrix.config.charts import version

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_6 = frozenset(
    {
        "userid", "username", "unescaped_username", "legacy_escape_username", "servername", "unescaped_servername",
        "hubnamespace",
    }
)  # fmt: skip
_OF_7 = frozenset(
    {
        "userid",
        "unescaped_username",
        "unescaped_servername",
        "hubnamespace",
        "pod_name",
        "pvc_name",
        "namespace",
    }
) | {
    f"{form}{name}"
    for form in ("", "safe_", "escaped_")
    for name in ("username", "servername", "user_server")
}


def known_fields(kubespawner: str) -> frozenset[str]:
    """Return the names that a version of KubeSpawner knows."""
    return _OF_6 if version(kubespawner) < (7,) else _OF_7


def unknown_fields(text: str, kubespawner: str) -> Iterator[str]:
    """Yield what is in braces and not one of the names, or a brace alone; doubled braces are text."""
    known = known_fields(kubespawner)
    try:
        parts = [*Formatter().parse(text)]
    except ValueError:  # a brace without another
        yield next(iter(re.findall(r"\{[^{}]*\}?|\}", text)), text)
        return
    for _, name, spec, conversion in parts:
        if name is not None and (name not in known or spec or conversion):
            yield "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"


def text_of(text: str) -> str | None:
    """Return a text as KubeSpawner sets it; ``None`` if it has the name of something that KubeSpawner replaces."""
    try:
        parts = [*Formatter().parse(text)]
    except ValueError:
        return None
    return None if any(name is not None for _, name, _, _ in parts) else "".join(part[0] for part in parts)
