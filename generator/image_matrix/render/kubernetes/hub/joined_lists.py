"""Turn the lists of the chart and of this hub into mappings: a profile's mapping would replace a list."""

from typing import Any

from kubespawner import KubeSpawner
from traitlets import Union

c: Any
NAMES: tuple[str, ...] = ()

for name in NAMES:
    listed = c.KubeSpawner.get(name, [])
    if hasattr(listed, "get_value"):  # a list that was only appended to
        listed = listed.get_value([])
    if isinstance(listed, list) and isinstance(KubeSpawner.class_traits()[name], Union):
        c.KubeSpawner[name] = {f"000-{at:03}": item for at, item in enumerate(listed)}
