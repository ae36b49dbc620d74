"""Says which versions of a cluster the settings of its BuildKit need; buildkit_needs.json has the sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.buildkit import Buildkit

PARTS = {
    "kubernetes": "Kubernetes",
    "kernel": "Linux",
    "containerd": "containerd",
    "crio": "CRI-O",
    "runc": "runc",
    "crun": "crun",
}
"""Field of ``cluster`` to the name of what it is the version of."""
HEADINGS = {
    "always": "any",
    "host_users": "`host_users: false`",
    "overlayfs": "`snapshotter: overlayfs`",
    "fuse-overlayfs": "`snapshotter: fuse-overlayfs`",
}
"""Setting to how a table names it."""


@dataclass(frozen=True, slots=True)
class Need:
    """The least version of a part of a cluster."""

    part: str
    version: str
    why: str
    source: str


@cache
def every_need() -> Mapping[str, tuple[Need, ...]]:
    """Return the needs of each setting: what always holds, user namespaces, snapshotters by name."""
    text = Path(__file__).with_name("buildkit_needs.json").read_text(encoding="utf-8")
    return {
        setting: tuple(Need(part, **need) for part, need in needs.items())
        for setting, needs in json.loads(text).items()
    }


def unmet(buildkit: Buildkit) -> Iterator[tuple[str, Need, str]]:
    """Yield the setting, the need and the version of every part of a cluster that is too old."""
    settings = ("always", *(() if buildkit.host_users else ("host_users",)), buildkit.snapshotter)
    for setting in settings:
        for need in every_need().get(setting, ()):
            has = buildkit.cluster.get(need.part)
            if has and _numbers(has) < _numbers(need.version):
                yield setting, need, has


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
