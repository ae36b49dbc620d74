"""Defines what is run (:class:`LocalImage`), what the user asks for (:class:`RunOptions`), and both together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from image_matrix.config.variant_ids import image_of
from image_matrix.verify.engine import LOOPBACK, Start

if TYPE_CHECKING:
    from image_matrix.config.model import Contract
    from image_matrix.config.platforms import Platform
    from image_matrix.config.served_app import Served


@dataclass(frozen=True, slots=True)
class LocalImage:
    """An image in the engine's store, and what the matrix knows of it."""

    id: str
    """Variant id: ``jupyter-scipy:python3.13``."""
    reference: str
    contract: Contract = "notebook"
    served: Served | None = None
    """The IDE or page that its kinds bring; ``None`` if they bring none."""
    has_kind: bool = True
    """Whether a kind is in its chain: only then is it known that it serves nothing else."""
    vendor: str = ""
    """The vendor of its accelerator's device; empty if it has none."""
    start: Start = field(default_factory=Start)

    @property
    def name(self) -> str:
        """Return the name of the image, without the label of the variant."""
        return image_of(self.id)


@dataclass(frozen=True, slots=True)
class EnvSetting:
    """A variable for the container."""

    name: str
    value: str | None = None
    """``None`` takes the caller's value; no message shows it."""

    @property
    def word(self) -> str:
        """Return the value of ``--env``; without ``=``, docker reads the value from its own environment."""
        return self.name if self.value is None else f"{self.name}={self.value}"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the user asks for."""

    platform: Platform | None = None
    port: int | None = None
    """The port of the engine's machine; ``None`` for a free one."""
    volume: str | None = None
    """The volume for the home; ``None`` for the one with the image's name, ``none`` for no volume."""
    env: tuple[EnvSetting, ...] = ()
    devices: tuple[str, ...] = ()
    """Options that pass devices to the container."""
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeVolume:
    """A named volume of the engine, and the folder in the container where it is mounted."""

    name: str
    folder: str

    @property
    def mount(self) -> str:
        """Return the value of ``--mount``.

        Docker fills an empty volume with the folder of the image, and gives it the folder's owner. Kubernetes fills
        none, but hands it to the user by ``fsGroup``: with ``volume-nocopy``, it would stay root's here.
        """
        return f"type=volume,src={self.name},dst={self.folder}"


@dataclass(frozen=True, slots=True)
class Launch:
    """A container to start."""

    container: str
    image: LocalImage
    platform: Platform | None = None
    ports: tuple[int, ...] = ()
    """The TCP ports of the container that are published, the main one first."""
    port: int | None = None
    """The port of the engine's machine for the main one; ``None`` for a free one."""
    home: HomeVolume | None = None
    env: tuple[EnvSetting, ...] = ()
    devices: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    in_terminal: bool = False
    """Whether the terminal is the container's: it has a command, or nothing listens."""

    @property
    def published(self) -> tuple[str, ...]:
        """Return the values of ``--publish``: on the loopback interface alone, where no port is named on a free one."""
        fixed = (self.port or "", *("" for _ in self.ports[1:]))
        return tuple(f"{LOOPBACK}:{outside}:{port}" for port, outside in zip(self.ports, fixed, strict=False))
