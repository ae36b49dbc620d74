"""A year of a public family's commits, replayed on a model of its DAG: how many builds each one causes.

``bench/data/docker-stacks-year.tsv`` has the 37 first-parent commits of github.com/jupyter/docker-stacks between
2025-08-08 and 2026-08-08 that touch ``images/``: the builds of their own workflow, and the variants whose
inputs changed.
126 more pushes started that workflow and touched no input of an image: 3,426 builds there, none here. Their weekly
rebuilds are not counted.
"""

from __future__ import annotations

import csv
import json
import subprocess
import tempfile
from pathlib import Path

from bench.measure import IMAGE_MATRIX, REPOSITORY, run, table

TRACE = Path(__file__).parent / "data/docker-stacks-year.tsv"
OTHER_PUSHES = 3426
"""Builds of their workflow for pushes that touch no image."""
REGISTRY = "quay.io/example"
PARENTS = {
    "docker-stacks-foundation": "ubuntu",
    "base-notebook": "docker-stacks-foundation",
    "minimal-notebook": "base-notebook",
    "julia-notebook": "minimal-notebook",
    "r-notebook": "minimal-notebook",
    "scipy-notebook": "minimal-notebook",
    "datascience-notebook": "scipy-notebook",
    "pyspark-notebook": "scipy-notebook",
    "tensorflow-notebook": "scipy-notebook",
    "pytorch-notebook": "scipy-notebook",
    "all-spark-notebook": "pyspark-notebook",
}
DEVICES = {"tensorflow-notebook": ("default", "cuda"), "pytorch-notebook": ("default", "cuda12", "cuda13")}
"""Images with an axis; all others have one variant."""


def report() -> str:
    """Replay every commit, and compare the builds with those of the family's own workflow."""
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        _write_family(folder)
        rows = [_replayed(folder, entry) for entry in _trace()]
        lines, ratio = len((folder / "matrix.yaml").read_text().splitlines()), _ratio_to_reference(folder)
    theirs, ours, counted = (sum(row[at] for row in rows) for at in range(3))
    summary = [
        ("37 commits that touch images", theirs, ours, counted),
        ("126 pushes that touch none", OTHER_PUSHES, 0, 0),
        ("together", theirs + OTHER_PUSHES, ours, counted),
    ]
    header = ("a year of docker-stacks", "their builds", "builds here", "as counted on their Dockerfiles")
    size = [
        ("lines of matrix.yaml", lines, "< 40"),
        ("import and check, against check of the reference", f"{ratio:.2f}", "≤ 3"),
    ]
    return table("A year", header, summary) + "\n" + table("The family", ("what", "measured", "goal"), size)


def _trace() -> list[dict[str, str]]:
    with TRACE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _replayed(folder: Path, entry: dict[str, str]) -> tuple[int, int, int]:
    """Edit what a commit edited; return their builds, ours, and ours as counted on their own Dockerfiles."""
    for variant in entry["variants_edited"].split():
        image, _, label = variant.partition(":")
        with (_context(folder, image, label) / "edited").open("a") as file:
            file.write(f"{entry['commit']}\n")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", entry["commit"])
    command = [*IMAGE_MATRIX, "--quiet", "plan", "--since", "HEAD^", "--format", "json"]
    planned = json.loads(
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    )
    return int(entry["builds_theirs"]), len(planned["build"]), int(entry["builds_ours"])


def _write_family(folder: Path) -> None:
    """Write eleven images in fourteen variants as somebody's own Dockerfiles, with their matrix."""
    for image, parent in PARENTS.items():
        base = "docker.io/library/ubuntu:24.04" if parent == "ubuntu" else f"{REGISTRY}/{parent}"
        for label in DEVICES.get(image, ("default",)):
            context = _context(folder, image, label)
            context.mkdir(parents=True)
            (context / "Dockerfile").write_text(f"FROM {base}\nCOPY edited /usr/share/doc/{image}\n")
            (context / "edited").write_text("first\n")
        # the folders of the other variants are inside that of the default one, as in the family itself
        (_context(folder, image, "default") / ".dockerignore").write_text("cuda*\n")
    (folder / "matrix.yaml").write_text(_matrix())
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "first")


def _context(folder: Path, image: str, label: str) -> Path:
    return folder / "images" / image / ("" if label == "default" else label)


def _matrix() -> str:
    lines = [
        "version: 1",
        f"registry: {REGISTRY}",
        "workflow: none",
        'sources: {ubuntu: "docker.io/library/ubuntu:24.04"}',
        'defaults: {images: {context: "images/{image}", platforms: [linux/amd64, linux/arm64]}}',
        "images:",
    ]
    for image, parent in PARENTS.items():
        labels = DEVICES.get(image)
        if labels is None:
            lines.append(f"  {image}: {{from: {parent}}}")
        else:
            axes = ", ".join(labels)
            match = ", ".join(label for label in labels if label != "default")
            lines += [
                f"  {image}:",
                f"    from: {parent}",
                f"    axes: {{device: [{axes}]}}",
                f'    overrides: [{{match: {{device: [{match}]}}, context: "images/{{image}}/{{device}}"}}]',
            ]
    return "\n".join([*lines, ""])


def _ratio_to_reference(folder: Path) -> float:
    """Return the time of ``import dockerfiles`` and ``check`` against that of ``check`` of the reference matrix.

    None of them finds a cache. The import starts the matrix, from the Dockerfiles alone.
    """
    (folder / "matrix.yaml").unlink()
    imported = run((*IMAGE_MATRIX, "import", "dockerfiles", "--registry", REGISTRY, "images"), folder)
    run((*IMAGE_MATRIX, "render"), folder)
    check = (*IMAGE_MATRIX, "check")
    family, reference = (run(check, root, folder / f"cache-{root.name}") for root in (folder, REPOSITORY))
    if imported.code or family.code:
        message = f"import ended with {imported.code}, check with {family.code}"
        raise RuntimeError(message)
    return (imported.seconds + family.seconds) / reference.seconds


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)
