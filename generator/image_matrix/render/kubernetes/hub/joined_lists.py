"""Keep what the chart and this hub have in lists: a mapping of a profile would take the place of a list."""

from typing import Any

from kubespawner import KubeSpawner
from traitlets import Union

c: Any
NAMES: tuple[str, ...] = ()

for name in NAMES:
    listed = c.KubeSpawner.get(name, [])
    if hasattr(listed, "get_value"):  # so far only appended to
        listed = listed.get_value([])
    if isinstance(listed, list) and isinstance(KubeSpawner.class_traits()[name], Union):
        c.KubeSpawner[name] = {f"000-{at:03}": item for at, item in enumerate(listed)}
