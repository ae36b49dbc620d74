"""Knows what images state of package managers that nothing in the matrix installs: a Dockerfile of one's own may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.r import is_source, r_manager
from image_matrix.lock.distributions import python_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Variant

STATEMENTS: Mapping[Manager, tuple[str, ...]] = {
    "pip": ("python", "pip"),
    "conda": ("conda", "mamba", "micromamba"),
    "npm": ("npm",),
    "cran": ("r",),
}
"""Package manager to the names in ``provides`` of which one says that it is there; the first is the one to write."""


def is_stated(chain: Sequence[Variant], manager: Manager) -> bool:
    """Say whether an image of a chain, or its source, states that it has a package manager that it may install.

    Only a Dockerfile or a script of users may: what generated steps install is known, and a word does not add to it.
    """
    stated = any(name in one.provides for one in chain for name in STATEMENTS.get(manager, ()))
    return stated and any(one.build or one.scripts for one in chain)


def statement_advice(matrix: Matrix, chain: Sequence[Variant], manager: Manager) -> str | None:
    """Return what to write if the Dockerfile of an image in a chain may install a package manager; else ``None``."""
    images = _with_dockerfile(chain)
    if not images or manager not in STATEMENTS or "conda" in map(r_manager, chain):
        return None
    name = STATEMENTS[manager][0]
    version = (python_of(matrix, chain[-1]) if name == "python" else None) or "VERSION"
    written = f'`provides: {{{name}: "{version}"}}`'
    what = {"pip": "Python", "cran": "R"}.get(manager, manager)
    stated = f"if the Dockerfile of {images} installs {what}, write {written} at that image, with its version"
    if manager == "conda":
        return f"{stated}; otherwise, install conda in that Dockerfile"
    return f"{stated}; otherwise, add `{_of_apt(chain[0], manager)}` to `apt` of `{chain[0].image}`"


def hub_advice(chain: Sequence[Variant], hub: str) -> str:
    """Return what to write for an image without a package for the hub; its chain has the nearest image first."""
    others = list(dict.fromkeys(one.image for one in chain if not one.build))
    installed = f"add `jupyterhub=={hub}` to `pip` of `{others[0]}`" if others else "install it there first"
    if (stated := hub_statement_advice(chain, hub)) is None:
        return f"{installed} or of an image that it is built on"
    return f"{stated}; otherwise, {installed}"


def hub_statement_advice(chain: Sequence[Variant], hub: str) -> str | None:
    """Return what to write if the Dockerfile of an image in a chain may install jupyterhub; else ``None``."""
    if not (images := _with_dockerfile(chain)):
        return None
    stated = f'write `provides: {{jupyterhub: "{series_of(hub)}"}}` at that image, with its version'
    return f"if the Dockerfile of {images} installs it, {stated}"


def series_of(version: str) -> str:
    """Return the first two parts of a version, as `provides` states them."""
    return ".".join(version.split(".")[:2])


def _with_dockerfile(chain: Sequence[Variant]) -> str:
    """Return the names of the images in a chain that have Dockerfiles of their own; empty if none has."""
    images = dict.fromkeys(one.image for one in chain if one.build)
    return " or ".join(f"`{image}`" for image in [*images][:3])


def _of_apt(item: Variant, manager: Manager) -> str:
    """Return the packages of apt that bring a package manager."""
    if manager == "cran":
        return "r-base`, `r-base-dev" if any(map(is_source, item.packages["cran"])) else "r-base"
    return {"pip": "python3-pip", "npm": "npm"}[manager]
