"""What a solver of conda is asked, and for which machine: platform, C library, CUDA."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SUBDIRS = {"amd64": "linux-64", "arm64": "linux-aarch64"}
LINUX = "4.18"
"""The oldest kernel that images run on (RHEL 8): the kernel is the one of the cluster."""
ARCHSPECS = {"linux-64": "x86_64", "linux-aarch64": "aarch64"}
"""The processors that every machine of a platform has the instructions of."""


@dataclass(frozen=True, slots=True)
class CondaRequest:
    """Packages for one platform of conda."""

    specifications: tuple[str, ...]
    channels: tuple[str, ...]
    """Their public addresses, the most important first."""
    subdir: str
    glibc: str
    """``2.36``"""
    cuda: str | None = None
    """The newest version of CUDA that the drivers know, of machines that have a device for it."""


@dataclass(frozen=True, slots=True)
class CondaNetwork:
    """How the place that locks reaches channels."""

    mirrors: Mapping[str, str] = field(default_factory=dict)
    """Prefix of addresses to what replaces it."""
    ca_bundle: str | None = None
    """The path of a PEM file, in place of the certificate authorities of the system."""
    netrc: str | None = None
    """The path of a file with logins."""


Solve = Callable[[CondaRequest], list[str] | str]
"""Returns the public addresses of packages, each with its MD5 behind ``#``, or the reason why there are none."""


def virtual_packages(request: CondaRequest) -> dict[str, str]:
    """Return the packages that stand for the machine, as ``version`` or ``version=build``.

    Source: docs.conda.io, "Managing virtual packages".
    """
    cuda = {"__cuda": request.cuda} if request.cuda else {}
    return {
        "__archspec": f"1={ARCHSPECS[request.subdir]}",
        "__glibc": request.glibc,
        "__linux": LINUX,
        "__unix": "0",
        **cuda,
    }
