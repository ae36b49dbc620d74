"""Reads profiles: what users choose in a spawner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.sites import Toleration
    from image_matrix.json_data import Json

DEFAULT_ORDER = 50
HUB_IMAGE = "none"
"""In place of an image's name: the image that the hub itself has."""
OPTIONS = ("image", "size")
"""The options whose choices are the images and sizes of a profile."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That a profile is going to go, and what to take instead."""

    successor: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class ListedChoice:
    """An image, a source or a size under a choice key, with what is said about it there."""

    name: str
    """Of the image, source or size; ``none``: the hub's own image."""
    display_name: str = ""
    description: str = ""
    default: bool = False
    release: str = "current"
    """``previous``: the image that was released before the current one."""
    groups: tuple[str, ...] = ()
    override: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the choice, for a form that reads them."""
    place: tuple[str, ...] = ()
    """Where its name is, below its key: empty where it is all that is written."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Things offered as choices, by choice key; ``keyed`` where the user wrote the keys."""

    choices: Mapping[str, ListedChoice] = field(default_factory=dict)
    keyed: bool = False

    def place(self, key: str) -> tuple[str | int, ...]:
        """Return where the name of a choice is, below the field of the profile."""
        choice = self.choices[key]
        return (key, *choice.place) if self.keyed else (list(self.choices).index(key),)

    @property
    def names(self) -> dict[str, str]:
        """The names by choice key."""
        return {key: choice.name for key, choice in self.choices.items()}


@dataclass(frozen=True, slots=True)
class OptionSettings:
    """What a profile says about the option of its images or sizes, beside the choices."""

    display_name: str | None = None
    unlisted_choice: Mapping[str, Any] | None = None
    """As in KubeSpawner, with ``groups`` besides."""
    extra: Mapping[str, Any] = field(default_factory=dict)


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
    options: Mapping[str, OptionSettings] = field(default_factory=dict)
    """Of the options ``image`` and ``size``."""
    more_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further options, as KubeSpawner has them."""
    option_order: tuple[str, ...] = OPTIONS
    """The names of all options, whether users see them or not, in the order in which users see them."""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def listed(self) -> dict[str, Listed]:
        """The choices of images and of sizes, by the field of the profile that has them."""
        return {"images": self.images, "sizes": self.sizes}


def read_profile(name: str, item: Mapping[str, Any]) -> Profile:
    """Read an entry under ``profiles:`` as one site has it, with what ``defaults`` say."""
    deprecated, options = item.get("deprecated"), item.get("profile_options", {})
    axes = item.get("axes", {})
    return Profile(
        slug=name,
        display_name=item["display_name"],
        images=_choices(item.get("images", ()), "image"),
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
        options={name: _option(options[name]) for name in OPTIONS if name in options},
        more_options={name: option for name, option in options.items() if name not in OPTIONS},
        option_order=(*(name for name in OPTIONS if name not in options), *options),
        extra=item.get("extra", {}),
    )


def _option(item: Mapping[str, Any]) -> OptionSettings:
    return OptionSettings(item.get("display_name"), item.get("unlisted_choice"), item.get("extra", {}))


def _values(given: str | list[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _choices(given: Json, field_name: str) -> Listed:
    """Read names, or choice keys with a name each; a text is the mapping's main field."""
    if not isinstance(given, dict):
        return Listed({name: ListedChoice(name) for name in given})
    return Listed({key: _choice(item, field_name) for key, item in given.items()}, keyed=True)


def _choice(item: str | Mapping[str, Any], field_name: str) -> ListedChoice:
    if isinstance(item, str):
        return ListedChoice(item)
    return ListedChoice(
        name=item[field_name],
        display_name=item.get("display_name", ""),
        description=item.get("description", ""),
        default=item.get("default", False),
        release=item.get("release", "current"),
        groups=tuple(item.get("groups", ())),
        override=item.get("kubespawner_override", {}),
        extra=item.get("extra", {}),
        place=(field_name,),
    )
