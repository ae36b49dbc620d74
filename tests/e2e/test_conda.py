"""An image whose Python is an environment of conda: one environment for pip, terminals and what starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.place import bridge, serving
from tests.e2e.support import docker, new_repository

if TYPE_CHECKING:
    from pathlib import Path

    from image_matrix.verify.engine import Engine

pytestmark = pytest.mark.e2e

MATRIX = """\
version: 1
registry: registry.invalid/conda
sources: {{debian: docker.io/library/debian:trixie-slim}}
downloads: {{micromamba: {{version: "1", url: "{address}/micromamba"}}}}
images:
  base: {{from: debian, kind: base, axes: {{python: ["3.13"]}}, python_provider: conda, pip: [uv==0.13.8, six==1.17.0]}}
  geo: {{from: base, conda: {{files: [environment.yml]}}, pip: [tomli==2.3.0]}}
"""
ENVIRONMENT = "channels: [conda-forge, bioconda]\ndependencies: ['gdal >=3.12,<4']\n"
MICROMAMBA = """\
#!/bin/bash
# Stands in for micromamba, whose channels cannot be reached: Python is the distribution's, another package is a program
# that says its name, and a script that sets a variable at activation.
set -eu
prefix=/opt/conda
for word; do
    case $word in
    --channel) continue ;;
    http* | -* | /* | install) continue ;;
    python=*) python3 -m venv "$prefix" ;;
    pip) ;;
    *)
        name=${word%%[ =]*}
        umask 0022
        printf '#!/bin/sh\\necho %s: "$@"\\n' "$name" >"$prefix/bin/$name"
        chmod 0755 "$prefix/bin/$name"
        mkdir -p "$prefix/etc/conda/activate.d"
        echo "export ${name^^}_DATA=\\$CONDA_PREFIX/share/$name" >"$prefix/etc/conda/activate.d/$name.sh"
        ;;
    esac
    echo "$word" >>"$prefix/conda-meta/history"
done
"""
AS_A_USER = """\
set -eu
command -v python
python -c 'import six, sys, tomli; print(sys.prefix)'
pip --version | cut -d' ' -f4
conda install zlib
echo "$GDAL_DATA"
bash -lc 'command -v python; echo "$GDAL_DATA"'
find /opt/conda ! -writable ! -type l
cat /opt/conda/.condarc /opt/conda/conda-meta/history
test ! -e /opt/venv
"""


def test_conda_is_the_python_for_any_user_of_group_0(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/micromamba").write_text(MICROMAMBA)
    repository = new_repository(tmp_path / "work")
    (repository.root / "environment.yml").write_text(ENVIRONMENT)
    with serving(tmp_path / "files", bridge(engine)) as address:
        (repository.root / "matrix.yaml").write_text(MATRIX.format(address=address))
        repository.run("build", "geo")
    image = f"{repository.registry}/geo:python3.13"
    printed = docker("run", "--rm", "--user=1000650000:0", image, "sh", "-c", AS_A_USER)
    assert printed.splitlines() == [
        "/opt/conda/bin/python",
        "/opt/conda",
        "/opt/conda/lib/python3.13/site-packages/pip",
        "conda: install zlib",
        "/opt/conda/share/gdal",
        "/opt/conda/bin/python",
        "/opt/conda/share/gdal",
        "channels: [conda-forge, bioconda]",
        "python=3.13",
        "pip",
        "conda",
        "mamba",
        "gdal >=3.12,<4",
    ]
