"""A repository of notebook images with a remote, whose images are a shell and a file of random bytes.

What it renders and releases is the program's own work: only building, testing and signing as tested are left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
import yaml

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from tests.e2e.place import certificates
from tests.e2e.tiny_images import CONFIG, LAYER, MANIFEST, Repository, copy_parts, one_file
from tests.git_commands import on_branch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

MIRROR = "image-matrix-cluster"
"""Where `.ci/cluster` pushes an image with a shell, as ``pause:3.10`` of registry.k8s.io."""


@dataclass(frozen=True)
class Notebooks:
    """The repository, its remote beside it, and its path in a registry."""

    root: Path
    remote: Path
    registry: str
    path: str

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run image-matrix to its end, whatever comes of it."""
        command = [sys.executable, "-m", "image_matrix", "-C", str(self.root), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, **environment}, check=False
        )

    def must(self, *arguments: str) -> str:
        """Run image-matrix; return what it said."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def git(self, *arguments: str) -> str:
        """Run git; return what it printed."""
        done = subprocess.run(
            ["git", "-C", str(self.root), *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, subject: str) -> None:
        """Render and commit, as people do."""
        self.must("render")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)

    def build(self, *images: str) -> None:
        """Push a new image for each variant, or for those of some images, as if it was built and tested."""
        for (variant, platform), reference in references(
            state_of(load_project(read_inputs(self.root)))
        ).items():
            if not images or variant.partition(":")[0] in images:
                name, _, tag = reference.rpartition(":")
                push(Repository(name), Repository(f"{self.registry}/{MIRROR}/pause"), platform, tag)

    def release(self) -> str:
        """Release what is built; return the commit of the release branch."""
        self.must("release", "--push")
        return self.head("release")

    def head(self, branch: str) -> str:
        """Return the commit of a branch of the remote."""
        return self.git("ls-remote", "origin", f"refs/heads/{branch}").split()[0]

    def revert(self, branch: str = "release") -> str:
        """Take back the newest commit of a branch, as docs/release.md says; return the new one."""
        with self.on_branch(branch):
            self.git("revert", "--no-edit", "HEAD")
        return self.head(branch)

    def on_branch(self, branch: str) -> AbstractContextManager[None]:
        """Have a branch of the remote checked out for the time of a ``with``; then push what was committed."""
        return on_branch(self.git, branch)

    def images(self, branch: str = "release") -> dict[str, dict[str, str]]:
        """Return what a branch offers, by variant."""
        self.git("fetch", "--quiet", "origin", branch)
        found: dict[str, dict[str, str]] = json.loads(self.git("show", "FETCH_HEAD:deploy/images.json"))[
            "images"
        ]
        return found

    def offered(self, site: str, branch: str = "release") -> dict[str, Any]:
        """Return the values that a branch has for a site."""
        self.git("fetch", "--quiet", "origin", branch)
        text = self.git("show", f"FETCH_HEAD:deploy/{site}/jupyterhub/values.yaml")
        values: dict[str, Any] = yaml.safe_load(text)
        return values


def network(registry: str) -> dict[str, object]:
    """Return what is at this place: the registry has base images and the DaemonSets' pause image."""
    mirrors = {"docker.io": registry, "registry.k8s.io": f"{registry}/{MIRROR}"}
    return {"builtin_frontend": True, "mirrors": {"registries": mirrors}, **certificates()}


def new_repository(
    folder: Path, remote: Path, registry: str, path: str, matrix: dict[str, Any], files: Sequence[Path] = ()
) -> Notebooks:
    """Make a repository with a matrix, in which only addresses are those of this place, and files beside it."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)], check=True)
    made = Notebooks(folder, remote, registry, path)
    subprocess.run(["git", "clone", "-q", str(remote), str(folder)], check=True, capture_output=True)
    for key, value in {"user.name": "Tester", "user.email": "tester@example.org"}.items():
        made.git("config", key, value)
    here = {**matrix, "registry": f"{registry}/{path}", "network": network(registry)}
    (folder / "matrix.yaml").write_text(yaml.safe_dump(here, sort_keys=False), encoding="utf-8")
    for file in files:
        shutil.copy(file, folder)
    made.git("checkout", "-q", "-B", "main")
    made.commit("Start")
    made.git("push", "--quiet", "origin", "main")
    return made


def push(target: Repository, shell: Repository, platform: str, tag: str) -> None:
    """Push an image that is another one and a file of random bytes."""
    base = shell.read("3.10")
    assert base is not None, f"{shell.name}: `.ci/cluster up` pushes it"
    copy_parts(shell, base, target)
    layer = target.blob(one_file(os.urandom(20)))
    config = requests.get(f"{shell.url}/blobs/{base['config']['digest']}", timeout=30).json()
    config["architecture"] = platform.partition("/")[2]
    config["rootfs"]["diff_ids"].append(layer["digest"])
    config.pop("history", None)
    target.manifest(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, **target.blob(json.dumps(config).encode())},
            "layers": [*base["layers"], {"mediaType": LAYER, **layer}],
        },
        tag,
    )
