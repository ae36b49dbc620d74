"""1,000 and 10,000 variants: time per variant, memory, and ``docker buildx bake --print`` on the same bake file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bench.measure import IMAGE_MATRIX, run, table
from bench.synthetic import commit, write

SIZES = (1_000, 10_000)


def report() -> str:
    """Measure ``render`` into an empty folder and ``check`` with nothing changed."""
    with tempfile.TemporaryDirectory() as top:
        rows = [_size(Path(top), size) for size in SIZES]
    small, large = rows
    body = [
        (
            f"{row['variants']:,.0f}",
            *(f"{row[name]:.2f}" for name in ("render", "check", "plan", "bake")),
            f"{row['memory']:.0f}",
        )
        for row in rows
    ]
    ratios = [
        (name, f"{(large[name] / large['variants']) / (small[name] / small['variants']):.2f}", "≤ 1.2")
        for name in ("render", "check", "plan")
    ]
    bake = large["bake"]
    ratios.append(
        (
            "check against bake --print at 10,000",
            f"{large['check'] / bake:.2f}" if bake else "no buildx",
            "≤ 0.2",
        )
    )
    ratios.append(("peak memory, MB", f"{large['memory']:.0f}", "< 600"))
    sizes = table(
        "Scale", ("variants", "render s", "check s", "plan --since s", "bake --print s", "peak MB"), body
    )
    return sizes + "\n" + table("Scale, as ratios", ("what", "value", "goal"), ratios)


def _size(top: Path, size: int) -> dict[str, float]:
    renders = []
    for number in range(3):
        folder = top / f"{size}-{number}"
        write(folder, size)
        renders.append(run((*IMAGE_MATRIX, "-q", "render"), folder))
    checks = [run((*IMAGE_MATRIX, "-q", "check", "--no-diff"), folder) for _ in range(3)]
    commit(folder)
    plans = [run((*IMAGE_MATRIX, "-q", "plan", "--since", "HEAD"), folder) for _ in range(3)]
    if any(item.code for item in (*renders, *checks, *plans)):
        message = f"a run failed: {renders} {checks} {plans}"
        raise RuntimeError(message)
    bake = (
        run(("docker", "buildx", "bake", "--file", "images/docker-bake.json", "--print"), folder)
        if _buildx()
        else None
    )
    return {
        "variants": float(len(list(folder.glob("images/*/*/Dockerfile")))),
        "render": min(item.seconds for item in renders),
        "check": min(check.seconds for check in checks),
        "plan": min(plan.seconds for plan in plans),
        "bake": bake.seconds if bake and bake.code == 0 else 0.0,
        "memory": max(item.megabytes for item in (*renders, *checks, *plans)),
    }


def _buildx() -> bool:
    return shutil.which("docker") is not None and run(("docker", "buildx", "version")).code == 0
