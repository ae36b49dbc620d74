"""`.ci/programs`, and the modules that it builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from image_matrix.pinned.actions import image, tool_version

HOME = Path(__file__).parent.parent.parent
MODULES = HOME / "tests" / "cluster" / "programs"
FAMILIES = sorted(path.parent.name for path in MODULES.glob("*/go.mod"))
PINNED = {
    "buildkit": image("docker.io/moby/buildkit").partition(":v")[2].partition("@")[0],
    **{name: tool_version(name) for name in ("cosign", "grype", "notation")},
}


def run(folder: Path, *arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "IMAGE_MATRIX_PROGRAMS_DIR": str(folder), "PATH": path}
    command = [shutil.which("bash") or "bash", str(HOME / ".ci" / "programs"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def versions(family: str) -> dict[str, str]:
    """Return the version of each module that a family requires."""
    text = (MODULES / family / "go.mod").read_text()
    return dict(re.findall(r"^(?:require )?\s*(\S+) v(\S+)(?: // indirect)?$", text, re.MULTILINE))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_that_is_built_is_found(family: str, tmp_path: Path) -> None:
    missing = run(tmp_path, "--find", family)
    assert missing.returncode == 3
    said = re.fullmatch(
        rf"programs: error: {family} (\S+) is not there; `.ci/programs {family}` builds it\n", missing.stderr
    )
    assert said is not None, missing.stderr
    assert said[1] in versions(family).values()
    folder = tmp_path / f"{family}-{said[1]}"
    (folder / "crds").mkdir(parents=True)
    for arguments in (("--find", family), (family,)):
        assert run(tmp_path, *arguments).stdout == f"{folder}\n"


def test_every_family_is_built_if_none_is_named(tmp_path: Path) -> None:
    for family in FAMILIES:
        (said,) = re.findall(r"error: \S+ (\S+) is", run(tmp_path, "--find", family).stderr)
        (tmp_path / f"{family}-{said}" / "crds").mkdir(parents=True)
    found = run(tmp_path).stdout.splitlines()
    assert run(tmp_path, "--find").stdout.splitlines() == found
    assert sorted(Path(line).name for line in found) == sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(("family", "version"), PINNED.items())
def test_what_the_workflow_pins_is_what_is_built(family: str, version: str, tmp_path: Path) -> None:
    assert f" {family} {version} is not there" in run(tmp_path, "--find", family).stderr


def test_the_parts_of_kubernetes_have_one_version() -> None:
    """k8s.io/kubernetes wants them at v0.0.0, which nobody has published: its replace lines do not count here."""
    found = versions("kubernetes")
    minor = found["k8s.io/kubernetes"].removeprefix("1.")
    parts = {name: version for name, version in found.items() if version.startswith("0.34.")}
    assert {"k8s.io/api", "k8s.io/apiserver", "k8s.io/kubelet", "k8s.io/kube-proxy"} <= set(parts)
    assert set(parts.values()) == {f"0.{minor}"}


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    done = run(tmp_path, "--find", "buildkit", "notation", "buildx")
    assert done.returncode == 3
    assert re.findall(r"error: (\S+) ", done.stderr) == ["buildkit", "notation", "buildx"]
    assert done.stdout == ""


def test_what_cannot_be_built_is_said(tmp_path: Path) -> None:
    usage = run(tmp_path, "--help")
    assert usage.returncode == 2
    assert "[--find] [FAMILY…]\nfamilies: kubernetes " in usage.stderr
    assert "nosuch is no family; there are: kubernetes " in run(tmp_path, "nosuch").stderr
    bare = tmp_path / "bin"
    bare.mkdir()
    for name in ("awk", "cat", "cut", "dirname", "flock", "head", "mkdir", "sed"):
        (bare / name).symlink_to(shutil.which(name) or name)
    done = run(tmp_path / "cache", "notation", path=str(bare))
    assert done.returncode == 3
    assert "notation: there is no Go here" in done.stderr
    if go := shutil.which("go"):
        for name in ("nice", "rm"):
            (bare / name).symlink_to(shutil.which(name) or name)
        broken = bare / "go"
        broken.write_text(f'#!/bin/sh\nexport GOPROXY=off GOMODCACHE={tmp_path}/modules\nexec {go} "$@"\n')
        broken.chmod(0o755)
        done = run(tmp_path / "cache", "notation", path=f"{bare}:/usr/bin:/bin")
        assert done.returncode == 3
        assert "notation: its modules cannot be fetched; GOPROXY names a mirror" in done.stderr
    assert {path.suffix for path in (tmp_path / "cache").iterdir()} <= {".lock", ".module", ".new"}


def test_controllers_of_flux_are_kept_with_their_definitions_alone(tmp_path: Path) -> None:
    """Without them one would start, and know none of its resources."""
    module = tmp_path / "module"
    module.mkdir()
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(f'#!/bin/sh\ncase "$*" in "list -m "*) echo {module} ;; esac\n')
    go.chmod(0o755)
    path = f"{go.parent}:{os.environ['PATH']}"
    without = run(tmp_path / "cache", "flux-source", path=path)
    assert without.returncode == 3
    assert "flux-source: its module has no definitions in config/crd/bases\n" in without.stderr
    assert run(tmp_path / "cache", "--find", "flux-source").returncode == 3
    (module / "config/crd/bases").mkdir(parents=True)
    (module / "config/crd/bases/one.yaml").write_text("kind: CustomResourceDefinition\n")
    # a folder of an earlier version of the script, as it was without them
    (version,) = re.findall(r"error: flux-source (\S+) is", run(tmp_path, "--find", "flux-source").stderr)
    (tmp_path / "cache" / f"flux-source-{version}").mkdir()
    built = run(tmp_path / "cache", "flux-source", path=path)
    assert built.returncode == 0, built.stderr
    assert (Path(built.stdout.strip()) / "crds/one.yaml").is_file()
