"""The JupyterHub chart: ``IMAGE_MATRIX_CHARTS`` names a git folder of github.com/jupyterhub/zero-to-jupyterhub-k8s."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import yaml

from tests import yaml_files


def source_of_charts() -> Path | None:
    """The git folder, with its tags, that the environment names."""
    name = os.environ.get("IMAGE_MATRIX_CHARTS")
    return Path(name) if name else None


def extracted(source: Path, version: str, folder: Path) -> Path:
    """Write the chart of a tag into a folder, and return where it is."""
    git = ["git", "-C", str(source), "archive", "--format=tar", version, "jupyterhub"]
    done = subprocess.run(git, capture_output=True, check=False)
    assert done.returncode == 0, f"{source} has no chart {version}: {done.stderr.decode()}"
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "jupyterhub"


def published(source: Path, version: str, folder: Path) -> Path:
    """Write the chart of a tag as its release has it: with its version, and the schema that Helm checks values with.

    The tags of its own images stay as they are in git: nobody may use one of them.
    """
    chart = extracted(source, version, folder)
    about = yaml_files.load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    (chart / "Chart.yaml").write_text(yaml.safe_dump({**about, "version": version}), encoding="utf-8")
    schema = chart / "values.schema.yaml"
    text = json.dumps(yaml_files.load(schema.read_text(encoding="utf-8")))
    (chart / "values.schema.json").write_text(text, encoding="utf-8")
    schema.unlink()
    return chart
