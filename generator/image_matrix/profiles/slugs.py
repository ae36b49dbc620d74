"""Computes the slugs of profiles, under which a hub stores what users have chosen."""

from __future__ import annotations

import re

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slugify(text: str) -> str:
    """Return the slug of a text as KubeSpawner computes it: ``grosse-umgebung`` for ``Große Umgebung``.

    It is empty for a text without letters and digits. Source: KubeSpawner 6.2.0 to 7.1.0,
    ``_get_initialized_profile_list``, which calls python-slugify with its defaults.
    """
    if _SLUG.fullmatch(text):
        return text  # most are written as slugs, and the library takes a while to import
    from slugify import slugify as of_kubespawner

    return of_kubespawner(text)
