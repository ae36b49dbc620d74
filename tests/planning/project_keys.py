"""The keys of a project as it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.lock.pins import Pins
from image_matrix.planning.keys import compute_keys, dockerfile_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_builds

if TYPE_CHECKING:
    from image_matrix.project.inputs import Inputs


def keys_of(inputs: Inputs, pins: Pins | None = None) -> dict[str, str]:
    """Return the keys of all variants; without pins, of a project that is not locked."""
    pins = pins or Pins()
    loaded = load_inputs(inputs)
    rendered = render_builds(loaded, pins, inputs.templates)
    keys = compute_keys(loaded.variants, rendered, dockerfile_inputs(loaded, pins))
    return {name: item.index for name, item in keys.items()}
