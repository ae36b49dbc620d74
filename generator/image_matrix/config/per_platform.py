"""Marks ``{arch}`` and ``{machine}`` in values of ``env``, which have another text on each platform.

A marked value is the same on all platforms; the marks are characters for private use, which no value of the matrix
needs, so that ``{{arch}}`` stays a text in braces.
"""

from __future__ import annotations

from image_matrix.config.platforms import MACHINES

ARCH, MACHINE = "\ue0a0", "\ue0a1"
MARKS = {"arch": ARCH, "machine": MACHINE}
"""Placeholder to the mark that stands for it until a platform is known."""


def on_architecture(text: str, arch: str) -> str:
    """Return a value on one architecture: ``amd64`` or ``x86_64`` for the marks."""
    return text.replace(ARCH, arch).replace(MACHINE, MACHINES.get(arch, arch))


def as_placeholders(text: str) -> str:
    """Return a value as users read it, with ``{arch}`` and ``{machine}``."""
    return text.replace(ARCH, "{arch}").replace(MACHINE, "{machine}")
