"""What buildx writes into the provenance of an image whose context is outside of the repository."""

from __future__ import annotations

import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.build.origin import BuildOrigin, repository_link

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e

SOURCE = "https://github.com/example/notebooks"


def test_provenance_names_repository_and_commit(engine: Engine, tmp_path: Path) -> None:  # noqa: ARG001 - it has to run
    repository, layout = tmp_path / "repository", tmp_path / "layout.tar"
    context = tmp_path / "workspace" / "images" / "context"
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=One"], check=True)
    subprocess.run([*git, "remote", "add", "origin", SOURCE], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    link = repository_link(BuildOrigin("", SOURCE, commit), str(repository / ".git"))
    (tmp_path / "workspace" / ".git").write_text(link)
    command = [
        "docker",
        "buildx",
        "build",
        "--provenance=mode=max",
        f"--output=type=oci,dest={layout}",
        str(context),
    ]
    subprocess.run(command, check=True, capture_output=True)
    with tarfile.open(layout) as tar:
        blobs = [file.read().decode(errors="replace") for one in tar if (file := tar.extractfile(one))]
    (provenance,) = (json.loads(blob) for blob in blobs if '"predicateType":"https://slsa.dev/' in blob)
    assert {("revision", commit), ("source", SOURCE)} <= source_of(provenance).items()


def source_of(statement: dict[str, Any]) -> dict[str, str]:
    """Return what provenance says of the repository: SLSA 1 of newer versions of BuildKit, or 0.2 of older ones."""
    predicate = statement["predicate"]
    newer = statement["predicateType"].endswith("/v1")
    metadata = predicate["runDetails"]["metadata"] if newer else predicate["metadata"]
    found = metadata["buildkit_metadata" if newer else "https://mobyproject.org/buildkit@v1#metadata"]
    return dict(found["vcs"])
