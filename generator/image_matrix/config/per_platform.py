"""Marks ``{arch}`` and ``{machine}`` in values of ``env``, which have another text on each platform.

A marked value is the same on all platforms; the marks are control characters, which the schema refuses in each text of
the matrix, so that no text of a user is one: fonts for terminals have glyphs among the characters for private use.
"""

from __future__ import annotations

from image_matrix.config.platforms import MACHINES

ARCH, MACHINE = "\x01", "\x02"
MARKS = {"arch": ARCH, "machine": MACHINE}
"""Placeholder to the mark that stands for it until a platform is known."""


def on_architecture(text: str, arch: str) -> str:
    """Return a value on one architecture: ``amd64`` or ``x86_64`` for the marks."""
    return text.replace(ARCH, arch).replace(MACHINE, MACHINES.get(arch, arch))


def as_placeholders(text: str) -> str:
    """Return a value as users read it, with ``{arch}`` and ``{machine}``."""
    return text.replace(ARCH, "{arch}").replace(MACHINE, "{machine}")
