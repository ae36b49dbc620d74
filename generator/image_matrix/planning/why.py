"""Lists the inputs of a variant's key for users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.platforms import architecture
from image_matrix.planning.plan import inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.model import Variant
    from image_matrix.planning.plan import State

MOST_LOCKED = 8
"""The maximum number of locked packages that are listed without ``-v``."""


def describe_key(state: State, name: str, *, everything: bool) -> str:
    """Return a variant's keys, tags and inputs; ``everything`` lists all locked packages."""
    item, keys = state.loaded.variants[name], state.keys[name]
    tags = (keys.tag, *(keys.platform_tag(platform) for platform in item.platforms))
    lines = [
        name,
        *(f"  {platform}  {key}" for platform, key in keys.platforms.items()),
        f"  tags: {', '.join(tags)}",
        *([f"  parent: {item.parent}"] if item.parent else []),
        *(f"  built from: {name}" for name in item.parents if name != item.parent),
        *_inputs(state, item, everything=everything),
    ]
    return "".join(f"{line}\n" for line in lines)


def _inputs(state: State, item: Variant, *, everything: bool) -> Iterator[str]:
    """Yield a line for each input, or one per architecture if they differ."""
    by_platform = {platform: inputs_of(state, item, platform) for platform in item.platforms}
    for what in dict.fromkeys(name for inputs in by_platform.values() for name in inputs):
        values = {platform: inputs.get(what, ()) for platform, inputs in by_platform.items()}
        same = len(set(values.values())) == 1
        for platform, value in [next(iter(values.items()))] if same else values.items():
            shown = [text for text in value if text and "\n" not in text]
            if shown and not what.startswith(("lock: hashes", "file ")):
                where = "" if same else f" ({architecture(platform)})"
                yield f"  {what}{where}: {_listed(what, shown, everything=everything)}"


def _listed(what: str, values: list[str], *, everything: bool) -> str:
    if everything or not what.startswith("lock: ") or len(values) <= MOST_LOCKED:
        return ", ".join(values)
    return f"{len(values)} packages (-v lists them)"
