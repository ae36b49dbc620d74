"""What buildx writes into the provenance of an image whose context is outside of the repository."""

from __future__ import annotations

import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from image_matrix.build.origin import BuildOrigin, vcs_variables

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e

SOURCE = "https://github.com/example/notebooks"


def test_provenance_names_repository_and_commit(engine: Engine, tmp_path: Path) -> None:  # noqa: ARG001 - it has to run
    repository, context, layout = tmp_path / "repository", tmp_path / "context", tmp_path / "layout.tar"
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=One"], check=True)
    subprocess.run([*git, "remote", "add", "origin", SOURCE], check=True)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    context.mkdir()
    (context / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    variables = vcs_variables(BuildOrigin("", SOURCE, commit), str(repository / ".git"))
    command = [
        "docker",
        "buildx",
        "build",
        "--provenance=mode=max",
        f"--output=type=oci,dest={layout}",
        str(context),
    ]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **variables})
    with tarfile.open(layout) as tar:
        blobs = [file.read().decode(errors="replace") for one in tar if (file := tar.extractfile(one))]
    (provenance,) = (blob for blob in blobs if '"https://mobyproject.org/buildkit@v1#metadata"' in blob)
    assert f'"revision":"{commit}"' in provenance
    assert f'"source":"{SOURCE}"' in provenance
