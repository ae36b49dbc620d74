"""The workflow, run by act on this machine: real engine, real registry, real git; see docs/workflow-tests.md."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from image_matrix.pinned.actions import actions
from tests.e2e.place import certificates

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
HOME = HERE.parent.parent
STANDINS = (
    "astral-sh/setup-uv", "docker/setup-buildx-action", "docker/login-action", "actions/upload-artifact",
    "actions/download-artifact",
    "sigstore/cosign-installer", "actions/checkout",
)  # fmt: skip
"""Actions that come from tests/e2e/actions; a checkout without `ref` is act's own, which copies the repository."""
ENGINE = ("DOCKER_HOST", "DOCKER_CONFIG", "BUILDX_BUILDER")
"""Variables that name the engine, and what `.ci/buildkit up` makes the builder."""
STEPS = "      - name: Run the steps\n"
CHECKOUT = (
    f"      - name: Check out for act\n        uses: actions/checkout@{actions()['actions/checkout'].sha}\n"
)
MATRIX: dict[str, Any] = {
    "version": 1,
    "registry": "ghcr.io/example/notebooks",
    "network": {"builtin_frontend": True},
    "defaults": {"images": {"platforms": ["linux/amd64"]}},
    "axes": {"python": ["3.13"]},
    "sources": {"debian-trixie": "docker.io/library/debian:trixie-slim"},
    "bundles": {"lab": {"pip": ["jupyterlab==4.6.6", "notebook==7.6.5", "jupyterhub==5.5.0"]}},
    "images": {
        "base": {"from": "debian-trixie", "axes": ["python"], "kind": "base", "pip": ["uv==0.13.8"]},
        "jupyter": {"from": "base", "kind": "jupyter", "bundles": ["lab"]},
        "jupyter-scipy": {"from": "jupyter", "pip": ["toolz==1.0.0"]},
    },
    "sizes": {
        "small": {
            "display_name": "Small",
            "cpu": {"limit": 2, "guarantee": 1},
            "memory": {"limit": "4Gi", "guarantee": "1Gi"},
        }
    },
    "profiles": {"lab": {"display_name": "Lab", "images": ["jupyter", "jupyter-scipy"], "sizes": ["small"]}},
    "release": {
        "scan": {"tool": "command", "command": ["./scanner", "{archive}", "{report}"]},
        "sbom": False,
    },
}
SCANNER = """#!/usr/bin/env python3
import json, os, sys, tarfile
archive, report = sys.argv[1:]
with tarfile.open(archive) as image:
    names = [name for name in image.getnames() if name.startswith("blobs/sha256/")]
secrets = sorted(name for name in os.environ if "TOKEN" in name)
bad = os.path.exists("vulnerable")
with open(report, "w") as file:
    json.dump({"blobs": len(names), "secrets": secrets, "vulnerable": bad}, file)
sys.exit(1 if bad or secrets or len(names) < 3 else 0)
"""


@dataclass
class Outcome:
    """What came of a run."""

    code: int
    output: str
    results: dict[str, str] = field(default_factory=dict)
    """Name of each job that ran (a leg's with its number) to ``succeeded`` or ``failed``."""

    def job(self, name: str) -> str:
        """The lines of one job."""
        return "\n".join(line for line in self.output.splitlines() if line.startswith(f"[Images/{name}"))


@dataclass
class Repository:
    """A repository of images with its remote, registry path and everything that stands in for GitHub."""

    folder: Path
    registry: str
    name: str
    tools: Path
    runs: int = 0
    site: dict[str, Any] = field(default_factory=dict)
    """What else the overlay of this place says."""
    secrets: dict[str, str] = field(default_factory=dict)
    """The repository's secrets, beside GitHub's token."""
    cosign: Path | None = None
    """The cosign of runs, in place of the small one that signs with openssl."""
    hears: Callable[[str], None] | None = None
    """Gets each line of a run as act writes it."""

    @property
    def root(self) -> Path:
        return self.folder / "work"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def log(self) -> str:
        """What the stand-ins noted."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(self.root), *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, matrix: dict[str, Any], message: str) -> None:
        """Write the matrix, render, commit and push to the branch."""
        workflow = {
            "generator": str(next(self.tools.glob("*.whl"))),
            "jobs": "image",
            **matrix.get("workflow", {}),
        }
        text = yaml.safe_dump({**matrix, "workflow": workflow}, sort_keys=False)
        (self.root / "matrix.yaml").write_text(text)
        self.program("render")
        self.commit(message)

    def program(self, *arguments: str) -> None:
        """Run the program as the author does."""
        command = [str(self.tools / "bin" / "image-matrix"), *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        # a test that is run once more starts its branch anew
        force = ["--force"] if self.git("branch", "--show-current") != "main" else []
        self.git("push", "--quiet", *force, "origin", "HEAD")

    def start(self, branch: str) -> None:
        """Start a branch from main, without what a test that failed has left behind."""
        self.git("reset", "--quiet", "--hard")
        self.git("clean", "--quiet", "--force", "-d")
        self.git("checkout", "--quiet", "-B", branch, "origin/main")

    def overlay(self) -> Path:
        """What this place is: its registry, base images and certificates; not part of the repository."""
        path = self.folder / "overlay.yaml"
        # a mirror, and not other sources: the lock of this place is to be that of the matrix
        mirrors = {"registries": {"docker.io": self.registry}}
        network = {"builtin_frontend": True, "mirrors": mirrors, **certificates()}
        settings = {"registry": f"{self.registry}/{self.name}", "network": network, **self.site}
        path.write_text(yaml.safe_dump(settings))
        return path

    def run(
        self,
        event: str,
        payload: dict[str, Any],
        workflow: str = "images.yaml",
        only: str | None = None,
        **environment: str,
    ) -> Outcome:
        """Run a workflow for an event, or one of its jobs."""
        self.runs += 1
        self.git(
            "fetch", "--quiet", "origin"
        )  # act copies this clone, in place of a checkout with all branches
        (self.folder / "event.json").write_text(json.dumps(payload))
        job = [f"--job={only}"] if only else []
        readable = self._readable(workflow, asks="GITHUB_API_URL" in environment)
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        code, output = self._listen([*self._command(event, readable), *job, *variables])
        self.log_of_run.write_text(output)
        return Outcome(code, output, _results(output))

    @property
    def log_of_run(self) -> Path:
        """Where the newest run is written to."""
        return self.folder / f"run-{self.runs}.log"

    def _listen(self, command: list[str]) -> tuple[int, str]:
        lines = []
        with subprocess.Popen(
            command,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._host_environment(),
        ) as act:
            for line in act.stdout or ():
                lines.append(line)
                if self.hears:
                    self.hears(line)
        return act.returncode, "".join(lines)

    def _command(self, event: str, workflow: Path) -> list[str]:
        pinned = actions()
        maps = [
            f"--local-repository={name}@{pinned[name].sha}={HERE / 'actions' / name.partition('/')[2]}"
            for name in STANDINS
        ]
        variables = {
            "STANDIN_BIN": str(Path(sys.executable).parent),
            "STANDIN_REPOSITORY": str(self.root),
            "STANDIN_LOG": str(self.folder / "log"),
            "STANDIN_ARTIFACTS": str(self.artifacts),
            "STANDIN_COSIGN": str(HERE / "cosign.py"),
            "STANDIN_KEYS": str(self.tools),
            "STANDIN_REAL_COSIGN": str(self.cosign or ""),
            **{name: os.environ[name] for name in ENGINE if name in os.environ},
        }
        return [
            "act", event, f"--workflows={workflow}", f"--eventpath={self.folder / 'event.json'}",
            "--platform=ubuntu-24.04=-self-hosted", "--no-cache-server", f"--var=IMAGE_MATRIX_OVERLAY={self.overlay()}",
            "--secret=GITHUB_TOKEN=of-the-tests", *(f"--secret={name}" for name in self.secrets), *maps,
            *(f"--env={name}={value}" for name, value in variables.items()),
        ]  # fmt: skip

    def _readable(self, workflow: str, *, asks: bool) -> Path:
        """A copy of a workflow without what act does not know; jobs still see the file itself.

        The job that only asks GitHub's API is left out where there is none.

        That is one line, and `$/`, GitHub's name for the commit of the workflow. act reads the same files at `./`,
        after a checkout. A skipped job's outputs are empty on GitHub; in act they are the text of their expressions.
        """
        lines = (self.root / ".github" / "workflows" / workflow).read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("  queue: ")]
        assert len(lines) - len(kept) == (workflow == "images.yaml")
        path = self.folder / workflow
        text = "".join(kept)
        if not asks:
            text = re.sub(r"\n  outcome:\n.*?(?=\n  gate:\n)", "", text, flags=re.DOTALL)
        text = re.sub(r"needs\.(layer_\d+)\.outputs", r"needs.\1.result == 'success' && \g<0>", text)
        path.write_text(text.replace(STEPS, f"{CHECKOUT}{STEPS}").replace("uses: $/", "uses: ./"))
        return path

    def _host_environment(self) -> dict[str, str]:
        home = self.folder / "home"
        (home / ".docker").mkdir(parents=True, exist_ok=True)
        plugins = Path.home() / ".docker" / "cli-plugins"
        if plugins.is_dir() and not (home / ".docker" / "cli-plugins").exists():
            (home / ".docker" / "cli-plugins").symlink_to(plugins)
        cache = os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        # act takes the value of a secret that it is only told the name of from here
        return {**os.environ, **self.secrets, "HOME": str(home), "UV_CACHE_DIR": cache, "PATH": path}

    def push_event(self) -> dict[str, Any]:
        """The payload of a push of HEAD to main."""
        before = self.git("rev-list", "--max-count=2", "HEAD").split()
        return {
            "ref": "refs/heads/main", "before": before[1] if len(before) > 1 else "0" * 40, "after": before[0],
            "repository": {"full_name": "example/notebooks", "default_branch": "main"},
        }  # fmt: skip

    def pull_request_event(self, head: str, branch: str = "change") -> dict[str, Any]:
        """The payload of a pull request of HEAD against main, from a branch of the repository ``head``."""
        base = self.git("rev-parse", "origin/main")
        return {
            "number": 7,
            "pull_request": {
                "number": 7, "user": {"login": "someone"},
                "head": {"sha": self.git("rev-parse", "HEAD"), "ref": branch, "repo": {"full_name": head}},
                "base": {"sha": base, "ref": "main", "repo": {"full_name": "example/notebooks"}},
            },
            "repository": {"full_name": "example/notebooks", "default_branch": "main"},
        }  # fmt: skip

    def tags(self, image: str, prefix: str = "") -> set[str]:
        """The tags of an image in the registry."""
        answer = requests.get(f"http://{self.registry}/v2/{self.name}{prefix}/{image}/tags/list", timeout=30)
        return set(answer.json().get("tags") or ()) if answer.status_code == 200 else set()

    def digest(self, image: str, tag: str) -> str:
        """The digest that a tag points to."""
        accept = "application/vnd.oci.image.index.v1+json"
        url = f"http://{self.registry}/v2/{self.name}/{image}/manifests/{tag}"
        return requests.head(url, headers={"Accept": accept}, timeout=30).headers["Docker-Content-Digest"]

    def released(self) -> dict[str, Any]:
        """The release branch's digest file, or nothing."""
        shown = subprocess.run(
            ["git", "-C", str(self.folder / "remote.git"), "show", "release:deploy/images.json"],
            capture_output=True,
        )
        found: dict[str, Any] = json.loads(shown.stdout)["images"] if shown.returncode == 0 else {}
        return found


def _results(output: str) -> dict[str, str]:
    found = re.findall(
        r"^\[(?:Images|Lock|Rescan)/(.+?)\s*\] 🏁  Job (succeeded|failed)$", output, re.MULTILINE
    )
    return dict(found)


def make_repository(folder: Path, registry: str) -> Repository:
    """Make a repository with the small matrix, pushed to a bare one beside it."""
    made = empty_repository(folder, registry)
    made.write(MATRIX, "Start")
    return made


def empty_repository(folder: Path, registry: str) -> Repository:
    """Make a repository with nothing but the stand-in of a scanner, and a bare one beside it to push to."""
    made = bare_repository(folder, registry, "act")
    (made.root / "scanner").write_text(SCANNER)
    (made.root / "scanner").chmod(0o755)
    return made


def bare_repository(folder: Path, registry: str, prefix: str) -> Repository:
    """Make a repository with nothing, a bare one beside it to push to, and a path in the registry of its own."""
    tools = folder / "tools"
    tools.mkdir(parents=True)
    install_generator(tools)
    for command in (
        ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem"],
        ["openssl", "ec", "-in", "key.pem", "-pubout", "-out", "key.pub"],
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder / "remote.git")],
        ["git", "clone", "--quiet", str(folder / "remote.git"), str(folder / "work")],
    ):
        subprocess.run(command, cwd=tools, check=True, capture_output=True)
    made = Repository(folder, registry, f"{prefix}-{uuid.uuid4().hex[:8]}", tools)
    for name, value in {
        "user.name": "Tester",
        "user.email": "tester@example.org",
        "commit.gpgsign": "false",
    }.items():
        made.git("config", name, value)
    made.git("checkout", "-q", "-B", "main")
    return made


def install_generator(tools: Path) -> None:
    """Make one wheel of this checkout and install it: every job and the author use the same one."""
    uv("build the wheel of this checkout", "build", "--wheel", f"--out-dir={tools}", str(HOME))
    install_wheel(tools, next(tools.glob("*.whl")))


def install_wheel(tools: Path, wheel: Path) -> None:
    """Install a wheel for the author, in place of the one that is installed."""
    places = {"UV_TOOL_DIR": str(tools / "uv"), "UV_TOOL_BIN_DIR": str(tools / "bin")}
    uv("install the wheel", "tool", "install", "--force", str(wheel), **places)


def uv(what: str, *arguments: str, **environment: str) -> None:
    """Run uv; where it fails, the test does with uv's last reason, in place of lines of Python."""
    command = [str(Path(sys.executable).parent / "uv"), "--quiet", *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        causes = re.findall(r"(?:cause|error): (.+)", done.stderr) or ["it does not say why"]
        said = f"uv cannot {what}, for which it needs packages of its index: {causes[-1]}\n{done.stderr}"
        pytest.fail(said, pytrace=False)


def available() -> bool:
    """Say whether act is installed."""
    return shutil.which("act", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}") is not None
