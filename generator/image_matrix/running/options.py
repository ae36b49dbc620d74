"""Reads the values of options, and says what is wrong with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.errors import CallError
from image_matrix.running.model import EnvSetting
from image_matrix.verify.accelerators import DEVICES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.running.model import LocalImage

NO_VOLUME = "none"
_VOLUME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
"""Source: ``RestrictedNamePattern`` in daemon/names/names.go of github.com/moby/moby."""


def env_settings(texts: Iterable[str], caller: Mapping[str, str]) -> tuple[EnvSetting, ...]:
    """Read ``NAME=VALUE`` and ``NAME``; raises :class:`CallError` for a name that the caller's environment has not.

    Docker would leave such a variable out without a word.
    """
    return tuple(_env_setting(text, caller) for text in texts)


def _env_setting(text: str, caller: Mapping[str, str]) -> EnvSetting:
    name, equals, value = text.partition("=")
    if not name.strip() or name != name.strip():
        raise CallError("--env: the variable has no name, or a space around it", "write `--env NAME=VALUE`")
    if equals:
        return EnvSetting(name, value)
    if name not in caller:
        raise CallError(f"--env: {name} is not set in this environment", f"write `--env {name}=VALUE`")
    return EnvSetting(name)


def checked_volume(name: str | None) -> str | None:
    """Return the name of a volume; raises :class:`CallError` for a path or another text that is none."""
    if name is None or _VOLUME.fullmatch(name):
        return name
    reason = (
        "names a folder, and a volume is needed" if re.search(r"[/\\:]", name) else "is no name of a volume"
    )
    raise CallError(
        f"--volume: `{name}` {reason}", "write a name of letters, digits, `_`, `.` and `-`, or `none`"
    )


def refuse_no_accelerator(image: LocalImage) -> None:
    """Raise :class:`CallError` if an image has no accelerator with a device."""
    if not image.vendor:
        raise CallError(f"{image.id} has no accelerator with a device", "leave `--gpus` out")


def device_options(image: LocalImage, runtimes: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Return the options that pass devices to the container, and what is to be said if there are none.

    ``runtimes`` are those of the engine.
    """
    if image.vendor not in DEVICES:
        return (), f"devices of {image.vendor} are not passed: `--gpus` knows {', '.join(DEVICES)}"
    runtime, options = DEVICES[image.vendor]
    if runtime not in runtimes:
        return (), f"the engine has no runtime `{runtime}`: {image.id} runs without devices"
    return options, ""
