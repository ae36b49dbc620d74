"""Which accelerators an image and a size mean: two names are of one kind where their resources have one vendor.

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


def of_image(matrix: Matrix, variant: Variant) -> str:
    """Return the vendor whose devices an image is made for, or ``none``."""
    return _of(matrix, variant.accelerator)


def of_size(matrix: Matrix, size: Size | None) -> str:
    """Return the vendor whose devices a size asks for, or ``none``."""
    return _of(matrix, next(iter(size.accelerator), None) if size else None)


def _of(matrix: Matrix, name: str | None) -> str:
    accelerator = matrix.accelerators.get(name or "")
    return vendor(accelerator.resource) if accelerator and accelerator.resource else NONE
