"""Describes an empty home volume as Kubernetes mounts it."""

from __future__ import annotations

from dataclasses import dataclass

from image_matrix.config.home import HOME


@dataclass(frozen=True, slots=True)
class Volume:
    """An empty home volume, with owner, group and mode as Kubernetes' fsGroup sets them.

    A tmpfs of the local volume driver needs no privileged helper. ``volume-nocopy`` stops Docker from filling the
    volume from the image, which Kubernetes never does.
    """

    uid: int = 0
    gid: int = 100
    mode: str = "2775"
    size: str = "1g"

    def mount(self) -> str:
        """Return the value of ``--mount``."""
        parts = ("type=volume", f"dst={HOME}", "volume-nocopy", "volume-driver=local")
        driver = ("volume-opt=type=tmpfs", "volume-opt=device=tmpfs", f'"volume-opt=o={self.options()}"')
        return ",".join((*parts, *driver))

    def options(self) -> str:
        """Return the mount options of the tmpfs."""
        return f"uid={self.uid},gid={self.gid},mode={self.mode},size={self.size}"
