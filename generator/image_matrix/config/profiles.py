"""Reads profiles: what users choose in a spawner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.sites import Toleration
    from image_matrix.json_data import Json

DEFAULT_ORDER = 50


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That a profile is going to go, and what to take instead."""

    successor: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """Things offered as choices: key to name; ``keyed`` where the user wrote the keys."""

    names: Mapping[str, str]
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """An entry under ``profiles:``."""

    slug: str
    display_name: str
    images: Listed
    sizes: Listed
    description: str = ""
    default: bool = False
    order: int = DEFAULT_ORDER
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Axis to the values that are offered, the first one preselected; empty: all that the image has."""
    groups: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Former slugs, which users' saved choices may still name."""
    retired: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Option (``images``, ``sizes``) to former choice key to the key that stands for it now."""
    deprecated: Deprecation | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    override: Mapping[str, Any] = field(default_factory=dict)


def read_profile(name: str, item: Mapping[str, Any]) -> Profile:
    """Read an entry under ``profiles:`` as one site has it, with what ``defaults`` say."""
    deprecated = item.get("deprecated")
    axes = item.get("axes", {})
    return Profile(
        slug=name,
        display_name=item["display_name"],
        images=_choices(item["images"], "image"),
        sizes=_choices(item.get("sizes", ()), "size"),
        description=item.get("description", ""),
        default=item.get("default", False),
        order=item.get("order", DEFAULT_ORDER),
        axes={axis: _values(axes[axis]) if isinstance(axes, dict) else () for axis in axes},
        groups=tuple(item.get("groups", ())),
        aliases=tuple(item.get("aliases", ())),
        retired=item.get("retired", {}),
        deprecated=Deprecation(deprecated["successor"], deprecated.get("message", ""))
        if deprecated
        else None,
        node_selector=item.get("node_selector", {}),
        tolerations=tuple(item.get("tolerations", ())),
        env=item.get("env", {}),
        override=item.get("kubespawner_override", {}),
    )


def _values(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _choices(given: Json, field_name: str) -> Listed:
    """Read names, or choice keys with a name each; a text is the mapping's main field."""
    if not isinstance(given, dict):
        return Listed({name: name for name in given})
    return Listed(
        {key: item if isinstance(item, str) else item[field_name] for key, item in given.items()}, keyed=True
    )
