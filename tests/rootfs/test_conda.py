"""The environment of conda in a container: what its packages set at activation is there for what starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOTFS = Path(__file__).parents[2] / "templates/rootfs/base"
ACTIVATE = ROOTFS / "etc/cont-init.d/15-conda"
PROFILE = ROOTFS / "etc/profile.d/image-matrix-use-conda.sh"


def run_folder(tmp_path: Path) -> Path:
    (tmp_path / "run/container_environment").mkdir(parents=True)
    return tmp_path / "run"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def activate(tmp_path: Path, **variables: str) -> dict[str, str]:
    """Run the init script, and return the variables that services get beside those of the container."""
    run = run_folder(tmp_path)
    environment = {"PATH": os.environ["PATH"], "IMAGE_MATRIX_RUN": str(run), **variables}
    subprocess.run(["bash", str(ACTIVATE)], env=environment, check=True)
    return {path.name: path.read_text() for path in (run / "container_environment").iterdir()}


def test_what_packages_set_is_there_for_services(tmp_path: Path) -> None:
    folder = tmp_path / "conda/etc/conda/activate.d"
    write(folder / "gdal-activate.sh", 'echo talks\nexport GDAL_DATA="$CONDA_PREFIX/share/gdal"\n')
    write(folder / "two.sh", 'unset NO\nexport LINES_OF="a\nb" KEPT=same PATH="/two:$PATH"\nhidden=1\n')
    variables = activate(tmp_path, CONDA_PREFIX=str(tmp_path / "conda"), KEPT="same")
    path = f"/two:{os.environ['PATH']}"
    assert variables == {"GDAL_DATA": f"{tmp_path}/conda/share/gdal", "LINES_OF": "a\nb", "PATH": path}
    assert (tmp_path / "run/path").read_text() == f"{path}\n"


def test_a_script_that_ends_the_shell_does_not_stop_the_container(tmp_path: Path) -> None:
    write(tmp_path / "conda/etc/conda/activate.d/bad.sh", "exit 3\n")
    assert activate(tmp_path, CONDA_PREFIX=str(tmp_path / "conda")) == {}


def test_without_conda_nothing_is_set(tmp_path: Path) -> None:
    assert activate(tmp_path) == {}


def test_login_shells_have_the_commands_of_conda(tmp_path: Path) -> None:
    write(tmp_path / "etc/profile.d/conda.sh", 'conda() { echo "conda $1"; }\n')
    script = f'. "{PROFILE}"; conda activate'
    environment = {"PATH": os.environ["PATH"], "CONDA_PREFIX": str(tmp_path)}
    done = subprocess.run(["sh", "-euc", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "conda activate\n"
