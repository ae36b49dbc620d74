"""Which devices an image and a size mean: two are of one kind where they have one vendor.

An image for ``nvidia.com/gpu`` runs on ``nvidia.com/mig-1g.10gb`` and ``nvidia.com/gpu.shared`` as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Size

NONE = "none"


def vendor(resource: str) -> str:
    """Return the domain of an extended resource: ``nvidia.com``."""
    return resource.partition("/")[0]


def device_title(matrix: Matrix, device: str) -> str:
    """Return what users read for a device: the description of the first accelerator that is made for it."""
    made_for = [item for item in matrix.accelerators.values() if item.device == device and item.description]
    return made_for[0].description if made_for else device


def of_image(matrix: Matrix, variant: Variant) -> str:
    """Return the vendor whose devices an image is made for, or ``none``."""
    accelerator = matrix.accelerators.get(variant.accelerator or "")
    return vendor(accelerator.device) if accelerator and accelerator.device else NONE


def of_size(size: Size | None) -> str:
    """Return the vendor whose devices a size asks for, or ``none``."""
    return vendor(next(iter(size.devices))) if size and size.devices else NONE
