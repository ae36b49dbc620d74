"""Side by side with OpenStack Kolla's generator, as PyPI ships it, on its own images.

Not the same work: Kolla's templates are several times larger than ours and its images are others. The table says what
each tool takes for a Dockerfile of its own, with the size of what it wrote.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from bench.measure import IMAGE_MATRIX, PYTHON, REPOSITORY, run, table
from bench.synthetic import write

KOLLA = ("kolla==23.0.0", "docker")


def report() -> str:
    """Render Kolla's Debian images and as many of ours."""
    with tempfile.TemporaryDirectory() as top:
        kolla = _kolla(Path(top))
        ours = _ours(Path(top) / "ours")
    if kolla is None:
        return "## Peers\n\nKolla cannot be installed here.\n"
    rows = [_row("kolla-build --template-only", *kolla), _row("image-matrix render", *ours)]
    return table("Peers", ("command", "Dockerfiles", "kB", "seconds", "ms a Dockerfile", "ms a kB"), rows)


def _row(name: str, seconds: float, files: list[int]) -> tuple[object, ...]:
    size = sum(files) / 1000
    milliseconds = seconds * 1000
    return (
        name,
        len(files),
        f"{size:.0f}",
        f"{seconds:.2f}",
        f"{milliseconds / len(files):.1f}",
        f"{milliseconds / size:.1f}",
    )


def _sizes(folder: Path) -> list[int]:
    return [file.stat().st_size for file in folder.rglob("Dockerfile")]


def _kolla(top: Path) -> tuple[float, list[int]] | None:
    environment = REPOSITORY / "build" / "bench-kolla"
    program = environment / "bin" / "kolla-build"
    if not program.exists():
        subprocess.run([PYTHON, "-m", "venv", environment], check=True)
        installed = subprocess.run(
            [environment / "bin" / "pip", "install", "-q", *KOLLA], check=False, capture_output=True
        )
        if installed.returncode:
            return None
    work = top / "kolla"
    command = (str(program), "--template-only", "--base", "debian", "--work-dir", str(work))
    seconds = min(run(command).seconds for _ in range(3))
    if not work.is_dir():
        return None
    newest = max((item for item in work.iterdir() if item.is_dir()), key=lambda item: item.stat().st_mtime)
    return seconds, _sizes(newest)


def _ours(folder: Path) -> tuple[float, list[int]]:
    times = []
    for number in range(3):
        place = folder.with_name(f"ours{number}")
        write(place, 190)
        times.append(run((*IMAGE_MATRIX, "-q", "render"), place).seconds)
    return min(times), _sizes(place)
