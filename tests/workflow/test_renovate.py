"""The Renovate preset: its queries, run over the real files, find what they should and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonata
import pytest

from image_matrix.github.branch_commit import MAIL
from image_matrix.pinned.actions import actions
from tests import yaml_files
from tests.workflow.matrices import HOME, SHAPES, rendered

PRESET = HOME / "renovate" / "image-matrix.json"
CONFIG: dict[str, Any] = json.loads(PRESET.read_text())
MATRIX: dict[str, Any] = yaml_files.load((HOME / "matrix.yaml").read_text())
TABLE: dict[str, Any] = json.loads(
    (HOME / "generator" / "image_matrix" / "pinned" / "actions.json").read_text()
)


def manager(description: str) -> dict[str, Any]:
    return next(item for item in CONFIG["customManagers"] if item["description"] == description)


def rows(description: str, data: Any) -> list[dict[str, str]]:
    result = jsonata.Jsonata(manager(description)["matchStrings"][0]).evaluate(data) or []
    return result if isinstance(result, list) else [result]


def found(description: str, data: Any) -> dict[str, str]:
    return {row["depName"]: row["currentValue"] for row in rows(description, data)}


@pytest.mark.slow
def test_the_schema_of_renovate() -> None:
    program = str(Path(sys.executable).parent / "check-jsonschema")
    command = [program, "--builtin-schema=vendor.renovate", str(PRESET)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_what_the_page_says_about_dependabot(tmp_path: Path) -> None:
    page = (HOME / "docs" / "workflow.md").read_text()
    (example,) = re.findall(r"`.github/dependabot.yml`:\n\n```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "dependabot.yml").write_text(example)
    program = str(Path(sys.executable).parent / "check-jsonschema")
    command = [program, "--builtin-schema=vendor.dependabot", str(tmp_path / "dependabot.yml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    excluded = yaml_files.load(example)["updates"][0]["exclude-paths"]
    generated = [path for path in rendered(SHAPES["reference"]) if not path.endswith("actionlint.yaml")]
    assert {Path(path).parent if "/actions/" in path else Path(path) for path in generated} == {
        Path(path.removesuffix("/**")) for path in excluded
    }


def test_python_packages() -> None:
    packages = found("Python packages of images and bundles", MATRIX)
    assert packages["jupyterlab"] == "4.6.6"
    assert packages["tensorflow"] == "2.21.0"
    assert packages["bokeh"] == "3.9.2"
    assert all(re.fullmatch(r"[0-9][0-9A-Za-z.+-]*", version) for version in packages.values())
    marked = {
        "images": {
            "a": {"pip": ["numpy==2.4.6 ; python_version > '3.10'", "unpinned", "dask[complete]==1.0"]}
        }
    }
    assert found("Python packages of images and bundles", marked) == {"numpy": "2.4.6", "dask": "1.0"}


def test_sources_and_downloads() -> None:
    sources = found("Images that the matrix starts at", MATRIX)
    assert sources["docker.io/library/debian"] in ("trixie-slim", "bookworm-slim")
    assert len(sources) == 2
    downloads = found("Downloads of GitHub releases", MATRIX)
    assert downloads == {"coder/code-server": MATRIX["downloads"]["code-server"]["version"]}
    assert found("kubectl", MATRIX) == {"kubernetes/kubernetes": MATRIX["downloads"]["kubectl"]["version"]}


def test_npm() -> None:
    said = {"images": {"a": {"npm": ["prettier@3.6.2", "@scope/tool@1.2.3", "plain"]}}}
    assert found("npm packages of images and bundles", said) == {"prettier": "3.6.2", "@scope/tool": "1.2.3"}


def test_conda_packages() -> None:
    what = "Conda packages of images and bundles, from conda-forge or the channel that they name"
    declared = {
        "network": {"mirrors": {"conda": "https://conda.example.org"}},
        "images": {
            "a": {"conda": ["jupyterlab=4.6", "python>=3.11", "unpinned", "numpy=2.*"]},
            "b": {"conda": {"packages": ["bioconda::samtools==1.22.1", "r-base=4.5.1=h1_0"]}},
        },
    }
    assert rows(what, declared) == [
        {"depName": "jupyterlab", "packageName": "conda-forge/jupyterlab", "currentValue": "4.6"},
        {"depName": "samtools", "packageName": "bioconda/samtools", "currentValue": "1.22.1"},
    ]


def test_extensions_and_their_versions_on_open_vsx() -> None:
    what = "Extensions of code-server, from Open VSX"
    declared = {
        "network": {"mirrors": {"extensions": "https://vsx.example.org"}},
        "bundles": {"code": {"extensions": ["ms-python.python@2026.4.0", "team.floats"]}},
    }
    assert rows(what, declared) == [
        {
            "depName": "ms-python.python",
            "packageName": "ms-python/python",
            "currentValue": "2026.4.0",
        }
    ]
    assert {row["depName"] for row in rows(what, MATRIX)} == {"ms-python.python", "ms-toolsai.jupyter"}
    source = CONFIG["customDatasources"]["open-vsx"]
    assert manager(what)["datasourceTemplate"] == "custom.open-vsx"
    (transform,) = source["transformTemplates"]
    # the form of the answer: eclipse/openvsx, ExtensionJson.java
    newest = {"namespace": "ms-python", "name": "python", "version": "2026.6.0", "preRelease": False}
    assert jsonata.Jsonata(transform).evaluate(newest) == {"releases": [{"version": "2026.6.0"}]}
    assert jsonata.Jsonata(transform).evaluate({**newest, "preRelease": True}) == {"releases": []}


def test_the_generator_moves_from_commit_to_commit() -> None:
    what = "The commit of the generator that the workflows install"
    commit = "0123456789" * 4
    named = f"image-matrix[locked] @ git+https://git.example.org:8443/team/image-matrix.git@{commit}"
    assert rows(what, {"workflow": {"generator": named}}) == [
        {
            "depName": "image-matrix",
            "packageName": "https://git.example.org:8443/team/image-matrix.git",
            "currentDigest": commit,
        }
    ]
    assert manager(what)["datasourceTemplate"] == "git-refs"
    assert rows(what, MATRIX) == []
    # on PyPI anybody may have the name: a version of it is never proposed
    assert rows(what, {"workflow": {"generator": "image-matrix[locked]==0.1.0"}}) == []


def test_pinned_actions_and_images() -> None:
    assert found("Pinned actions", TABLE) == {action.name: action.version for action in actions().values()}
    helpers = [(row["depName"], row["currentValue"]) for row in rows("Pinned helper images", TABLE)]
    pinned = (TABLE["images"], TABLE["rootless"])
    assert helpers == [(name, item["version"]) for table in pinned for name, item in table.items()]


def test_pins_of_the_matrix() -> None:
    sha, digest = "0123456789" * 4, f"sha256:{'1' * 64}"
    pins = {
        "actions/checkout": {"version": "v7.0.1", "sha": sha},
        "docker.io/moby/buildkit": {"version": "v0.31.0", "digest": digest},
        "cosign": {"version": "3.1.3"},
        "trivy": {"version": "0.75.0", "sha256": {"amd64": "1" * 64, "arm64": "2" * 64}},
    }
    declared = {"workflow": {"generator": ".", "pins": pins}}
    assert rows("Actions of `workflow.pins`", declared) == [
        {"depName": "actions/checkout", "currentValue": "v7.0.1", "currentDigest": sha}
    ]
    assert rows("Images of `workflow.pins`", declared) == [
        {"depName": "docker.io/moby/buildkit", "currentValue": "v0.31.0", "currentDigest": digest}
    ]
    assert rows("Programs of `workflow.pins` that an action verifies", declared) == [
        {"depName": "cosign", "packageName": "sigstore/cosign", "currentValue": "3.1.3"}
    ]


@pytest.mark.parametrize(
    "path", ["matrix.yaml", "sites/matrix.yml", "generator/image_matrix/pinned/actions.json"]
)
def test_the_files_that_are_read(path: str) -> None:
    patterns = {pattern for item in CONFIG["customManagers"] for pattern in item["managerFilePatterns"]}
    assert any(re.search(pattern.strip("/"), path) for pattern in patterns)


def test_included_files_are_read_and_generated_files_are_not() -> None:
    for item in CONFIG["customManagers"]:
        patterns = item["managerFilePatterns"]
        if item["fileFormat"] == "yaml":
            assert any(re.search(pattern.strip("/"), "images/geo.yaml") for pattern in patterns)
            assert not any(
                re.search(pattern.strip("/"), "images/base/default/environment.yaml") for pattern in patterns
            )
        assert rows(item["description"], {"bundles": {}}) == []
    assert not {"images/**", "images/*.yaml"} & set(CONFIG["ignorePaths"])
    generated = {path for path in rendered(SHAPES["reference"]) if not path.endswith("actionlint.yaml")}
    assert generated <= set(CONFIG["ignorePaths"])


def test_commits_of_runs_do_not_end_an_update() -> None:
    """Renovate leaves a branch alone to which somebody else has committed."""
    assert MAIL in CONFIG["gitIgnoredAuthors"]
