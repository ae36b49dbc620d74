"""What a terminal says about a restart, against the mounts that containers have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

NOTE = Path(__file__).parents[2] / "templates/rootfs/base/usr/local/lib/image-matrix/note"
ROOT = "612 501 0:61 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/l,upperdir=/u"
PROC = "613 612 0:65 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw"
TMP = "614 612 0:66 / /tmp rw - tmpfs tmpfs rw"
VOLUME = "615 612 8:1 /var/lib/docker/volumes/v/_data /home/jovyan rw,relatime master:1 - ext4 /dev/sda1 rw"
MEMORY = "616 612 0:70 / /home/jovyan rw,relatime - tmpfs tmpfs rw,size=65536k"


def note(tmp_path: Path, home: str, *mounts: str) -> str:
    file = tmp_path / "mountinfo"
    file.write_text("".join(f"{line}\n" for line in mounts))
    done = subprocess.run(["/bin/sh", str(NOTE), home, str(file)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("home", "mounts"),
    [
        ("/home/jovyan", (VOLUME,)),
        ("/home/jovyan/", (VOLUME,)),
        ("/home/jovyan/work", (VOLUME,)),
        ("/home/jovyan", (VOLUME.replace("/home/jovyan rw", "/home rw"),)),
        ("/home/jovyan", (VOLUME.replace(" master:1", ""),)),
        ("/home/jovyan", (MEMORY, VOLUME)),
        ("/home/a b\\c", (VOLUME.replace("/home/jovyan", r"/home/a\040b\134c"),)),
    ],
)
def test_files_on_a_volume_survive(tmp_path: Path, home: str, mounts: tuple[str, ...]) -> None:
    assert note(tmp_path, home, ROOT, PROC, TMP, *mounts).startswith(
        f"Only files in {home} survive a restart."
    )


@pytest.mark.parametrize(
    ("home", "mounts"),
    [
        ("/home/jovyan", ()),
        ("/home/jovyan", (MEMORY,)),
        ("/home/jovyan", (VOLUME, MEMORY)),
        ("/home/jovyan", (VOLUME.replace("/home/jovyan rw", "/home rw"), MEMORY)),
        ("/home/jovyan", (VOLUME.replace("/home/jovyan", "/home/jovyan/data"),)),
        ("/home/jovyan2", (VOLUME,)),
        ("/home/jovyan", (VOLUME.replace("/home/jovyan", "/home/*"),)),
    ],
)
def test_without_a_volume_nothing_does(tmp_path: Path, home: str, mounts: tuple[str, ...]) -> None:
    said = note(tmp_path, home, ROOT, PROC, TMP, *mounts)
    assert said == f"Nothing here survives a restart: no volume is mounted at {home}.\n"
