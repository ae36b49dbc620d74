"""Finds the vendor of the devices that an image or a size uses; an image fits all devices of its vendor.

An image for ``nvidia.com/gpu`` also runs on ``nvidia.com/mig-1g.10gb`` and ``nvidia.com/gpu.shared``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.sizes import Size

NONE = "none"
VISIBLE_DEVICES = "NVIDIA_VISIBLE_DEVICES"
NO_DEVICES = "void"
"""With it, NVIDIA's runtime starts a container as if it were not there: docs.nvidia.com/datacenter/cloud-native."""
_NVIDIA = "nvidia.com"


def vendor(resource: str) -> str:
    """Return the domain of an extended resource: ``nvidia.com``."""
    return resource.partition("/")[0]


_SHARES = {"nvidia.com": "nvidia.com/gpu", "amd.com": "amd.com/gpu"}
"""Vendor to the device that its parts and shares belong to; a taint has its name, on every cloud."""


def taints_of(device: str) -> list[str]:
    """Return the keys of the taints of nodes with a device: its name, and that of the device that it is a part of."""
    return list(dict.fromkeys([device, _SHARES.get(vendor(device), device)]))


_VENDORS = {
    "nvidia.com": "NVIDIA", "amd.com": "AMD", "habana.ai": "Intel Gaudi", "gpu.intel.com": "Intel",
}  # fmt: skip
_TITLES = {
    "nvidia.com/gpu": "NVIDIA GPU",
    "nvidia.com/gpu.shared": "NVIDIA GPU, shared",
    "amd.com/gpu": "AMD GPU",
    "habana.ai/gaudi": "Intel Gaudi",
    "gpu.intel.com/i915": "Intel GPU (i915)",
    "gpu.intel.com/xe": "Intel GPU (xe)",
}
_MIG = "nvidia.com/mig-"


def device_title(matrix: Matrix, device: str) -> str:
    """Return the title of a device; of one that is not known, the description of the only accelerator for it.

    The title is not that of an accelerator: images for two versions of CUDA want the same device.
    """
    if device in _TITLES:
        return _TITLES[device]
    if device.startswith(_MIG):
        return f"NVIDIA MIG {device.removeprefix(_MIG)}"
    titles = [item.description for item in matrix.accelerators.values() if item.device == device]
    return titles[0] if len(titles) == 1 and titles[0] else device


def vendor_title(domain: str) -> str:
    """Return the name of a vendor by the domain of its devices."""
    return _VENDORS.get(domain, domain)


def of_image(matrix: Matrix, variant: Variant) -> str:
    """Return the vendor of the devices that an image is built for, or ``none``."""
    accelerator = matrix.accelerators.get(variant.accelerator or "")
    return vendor(accelerator.device) if accelerator and accelerator.device else NONE


def fits(matrix: Matrix, variant: Variant, size: Size | None) -> bool:
    """Say whether an image runs with the devices of a size, or without any.

    An image whose accelerator is optional runs without one, and without an `accelerator` of its own on any.
    """
    needed, given = of_image(matrix, variant), of_size(size)
    return needed == given or (variant.accelerator_optional and NONE in (needed, given))


def of_size(size: Size | None) -> str:
    """Return the vendor of the devices that a size requests, or ``none``."""
    return vendor(next(iter(size.devices))) if size and size.devices else NONE


def hiding_devices(matrix: Matrix, variants: Iterable[Variant], size: Size | None) -> dict[str, str]:
    """Return the variables of a pod of a size that asks for no GPU, if one of the images that it may start uses GPUs.

    Such an image may stand on a source that shows all GPUs of the node. A pod with GPUs gets no variable: it would win
    over what the device plugin chose (``makeEnvironmentVariables`` of the kubelet).
    """
    uses_gpus = any(of_image(matrix, item) == _NVIDIA for item in variants)
    return {VISIBLE_DEVICES: NO_DEVICES} if uses_gpus and of_size(size) != _NVIDIA else {}
