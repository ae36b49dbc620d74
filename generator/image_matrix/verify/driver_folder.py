"""Checks, without a device, that an image finds NVIDIA's driver where nodes mount it instead of NVIDIA's runtime.

Google's clusters mount it at /usr/local/nvidia (cloud.google.com/kubernetes-engine/docs/how-to/gpus, "CUDA libraries").
NVIDIA's own images of CUDA look there, too (gitlab.com/nvidia/container-images/cuda). NVIDIA's runtime puts the driver
into folders of the system, where every image finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.verify.engine import Spec
from image_matrix.verify.probe_client import ask, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.verify.engine import Engine
    from image_matrix.verify.model import Result, Subject

CHECK = "driver-folder"
VENDOR = "nvidia.com"
FOLDER = "/usr/local/nvidia"
TOOL = f"{FOLDER}/bin/nvidia-smi"
_MOUNT = f"{FOLDER}:exec,mode=1777"
"""Libraries are loaded from it, and the user of the image writes it."""


def driver_folder(engine: Engine, subject: Subject) -> Iterator[Result]:
    """Put a stand-in for the driver into its folder, and look for it from a new process and a login shell."""
    with engine.container(Spec(subject.image, subject.platform, tmpfs=(_MOUNT,))) as container:
        (seen,) = ask(container, ("driver", {"folder": FOLDER}), script="driver_probe")
        yield judged(CHECK, problem(seen), container=container)


def problem(seen: Mapping[str, Any]) -> str:
    """Return what is not found, and what to set."""
    if seen["library"]:
        return f"{seen['library']}: `env` of the accelerator needs `LD_LIBRARY_PATH: {FOLDER}/lib64`"
    blind = [place for place in ("process", "shell") if seen[place] != TOOL]
    advice = f"`path` of the accelerator needs `{FOLDER}/bin`"
    return f"nvidia-smi is not on PATH ({', '.join(blind)}): {advice}" if blind else ""
