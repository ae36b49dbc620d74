"""1,000 and 10,000 variants: time per variant, memory, and ``docker buildx bake --print`` on the same bake file."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from bench.measure import IMAGE_MATRIX, run, table
from bench.synthetic import commit, write

SIZES = (1_000, 10_000)


def report() -> str:
    """Measure ``render`` into an empty folder, and ``check`` with nothing changed, once computed and once recalled."""
    with tempfile.TemporaryDirectory() as top:
        rows = [_size(Path(top), size) for size in SIZES]
    small, large = rows
    body = [
        (
            f"{row['variants']:,.0f}",
            *(f"{row[name]:.2f}" for name in ("render", "check", "again", "plan", "bake")),
            f"{row['memory']:.0f}",
        )
        for row in rows
    ]
    ratios = [
        (name, f"{(large[name] / large['variants']) / (small[name] / small['variants']):.2f}", "≤ 1.2")
        for name in ("render", "check", "again", "plan")
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
        "Scale",
        ("variants", "render s", "check s", "check again s", "plan --since s", "bake --print s", "peak MB"),
        body,
    )
    return sizes + "\n" + table("Scale, as ratios", ("what", "value", "goal"), ratios)


def _size(top: Path, size: int) -> dict[str, float]:
    renders, cache = [], top / "cache"
    for number in range(3):
        folder = top / f"{size}-{number}"
        write(folder, size)
        renders.append(run((*IMAGE_MATRIX, "-q", "render"), folder, cache))
    check = (*IMAGE_MATRIX, "-q", "check", "--no-diff")
    checks, again = [], []
    for _ in range(3):
        for verdicts in cache.glob("image-matrix/*/check"):
            shutil.rmtree(verdicts)
        checks.append(run(check, folder, cache))
        again.append(run(check, folder, cache))
    commit(folder)
    plans = [run((*IMAGE_MATRIX, "-q", "plan", "--since", "HEAD"), folder, cache) for _ in range(3)]
    if any(item.code for item in (*renders, *checks, *again, *plans)):
        message = f"a run failed: {renders} {checks} {again} {plans}"
        raise RuntimeError(message)
    bake = (
        run(("docker", "buildx", "bake", "--file", "images/docker-bake.json", "--print"), folder)
        if _buildx()
        else None
    )
    return {
        "variants": float(len(list(folder.glob("images/*/*/Dockerfile")))),
        "render": min(item.seconds for item in renders),
        "check": min(item.seconds for item in checks),
        "again": min(item.seconds for item in again),
        "plan": min(plan.seconds for plan in plans),
        "bake": bake.seconds if bake and bake.code == 0 else 0.0,
        "memory": max(item.megabytes for item in (*renders, *checks, *plans)),
    }


def _buildx() -> bool:
    return shutil.which("docker") is not None and run(("docker", "buildx", "version")).code == 0
