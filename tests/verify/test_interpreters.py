"""What is said of kernels, packages below a home and code-server's settings; and the scripts that look."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from image_matrix.verify import interpreters
from image_matrix.verify.engine import CommandResult, Container, Engine
from image_matrix.verify.in_container import editor_probe
from image_matrix.verify.model import Subject
from image_matrix.verify.probe_client import source
from tests.verify.test_engine import Recorder

SYSTEM = Path("/usr/bin/python3")
VENV: dict[str, str] = {"language": "python", "where": "/opt/venv"}
R: dict[str, str] = {"language": "R", "where": "/usr/lib/R"}
ERROR: dict[str, str] = {"language": "R", "error": "RuntimeError: Kernel died"}


@pytest.mark.parametrize(
    ("kernels", "pythons", "problem"),
    [
        ({"python3": VENV, "ir": R}, ["/opt/venv"], ""),
        ({"python3": VENV}, ["/opt/venv", "/opt/conda"], "no kernel runs /opt/conda/bin/python"),
        ({"ir": R}, ["/opt/venv"], "no kernel runs /opt/venv/bin/python"),
        (
            {"python3": VENV, "ir": ERROR},
            ["/opt/venv"],
            "the kernel ir does not start: RuntimeError: Kernel died",
        ),
    ],
)
def test_kernels(kernels: dict[str, Any], pythons: list[str], problem: str) -> None:
    assert interpreters.kernels({"kernels": kernels, "pythons": pythons}) == problem


@pytest.mark.parametrize(
    ("named", "python", "problem"),
    [
        ("/opt/venv/bin/python", "/opt/venv/bin/python", ""),
        (
            "",
            "/opt/venv/bin/python",
            "python.defaultInterpreterPath is nothing, and `python` is /opt/venv/bin/python",
        ),
        ("/opt/venv/bin/python", "", "and `python` is not on PATH"),
    ],
)
def test_the_interpreter_of_code_server(named: str, python: str, problem: str) -> None:
    said = interpreters.interpreter({"interpreter": named, "python": python})
    assert problem in said
    assert bool(said) == bool(problem)


def test_extensions_in_other_versions() -> None:
    expected = {"team.tool": "2.0.0", "team.own": "1.0.0", "team.gone": "1.0.0"}
    said = interpreters.extensions({"team.tool": "1.0.0", "team.own": "1.0.0"}, expected)
    assert said == "team.tool is 1.0.0, not 2.0.0; team.gone is not there, not 1.0.0"


@pytest.mark.parametrize(
    ("ide", "checks"),
    [
        (None, ("user-site",)),
        ("rstudio", ("user-site",)),
        ("jupyter", ("user-site", "kernels")),
        ("codeserver", ("user-site", "interpreter", "extensions")),
    ],
)
def test_each_check_has_a_result(ide: Any, checks: tuple[str, ...]) -> None:
    seen = {
        "tried": ["/usr/bin/python3"], "shadowed": [], "kernels": {"python3": VENV}, "pythons": ["/opt/venv"],
        "interpreter": "/opt/venv/bin/python", "python": "/opt/venv/bin/python", "extensions": {"team.tool": "1.0.0"},
    }  # fmt: skip
    container = Container(Engine(Recorder(exec=CommandResult(0, json.dumps([seen])))), "id")
    subject = Subject("a:b", "c", ide, extensions={"team.tool": "1.0.0"})
    found = [*interpreters.interpreter_results(container, subject)]
    assert tuple(one.name for one in found) == checks == interpreters.interpreter_checks(subject)
    assert {one.status for one in found} == {"passed"}


@pytest.mark.skipif(not SYSTEM.exists(), reason="there is no Python of a distribution")
@pytest.mark.parametrize(("variable", "shadowed"), [("", [str(SYSTEM)]), ("1", [])])
def test_a_python_that_looks_below_the_home(tmp_path: Path, variable: str, shadowed: list[str]) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONNOUSERSITE": variable}
    command = [sys.executable, "-I", "-", json.dumps([["user_site", {}]])]
    done = subprocess.run(
        command,
        input=source("user_site_probe"),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (seen,) = json.loads(done.stdout)
    assert str(SYSTEM) in seen["tried"]
    assert [one for one in seen["shadowed"] if one == str(SYSTEM)] == shadowed
    assert interpreters.shadowed({"shadowed": shadowed}) == (
        f"imports packages below ~/.local: {SYSTEM}: set PYTHONNOUSERSITE=1" if shadowed else ""
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_settings_and_extensions_are_read_from_files(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    assert editor_probe.interpreter(settings) == ""
    settings.write_text("[]")
    assert editor_probe.interpreter(settings) == ""
    settings.write_text('{"python.defaultInterpreterPath": "/opt/conda/bin/python"}')
    assert editor_probe.interpreter(settings) == "/opt/conda/bin/python"
    for name, manifest in (
        ("a", '{"publisher": "Team", "name": "Tool", "version": "1.0.0"}'),
        ("b", "{"),
        ("c", '{"name": "x"}'),
        ("d", "[" * 100_000),
    ):
        (tmp_path / "of-image" / name).mkdir(parents=True)
        (tmp_path / "of-image" / name / "package.json").write_text(manifest)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/team.tool-1.0.0").symlink_to(tmp_path / "of-image/a")
    (tmp_path / "own/deep").symlink_to(tmp_path / "of-image/d")
    (tmp_path / "own/broken").symlink_to(tmp_path / "gone")
    assert dict(editor_probe.extensions(tmp_path / "own")) == {"team.tool": "1.0.0"}
