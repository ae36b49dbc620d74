"""A site whose users build from terminals, with its BuildKit as `image-matrix render` writes it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.pinned.actions import rootless_image
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from tests import yaml_files
from tests.cluster.terminal_pods import BUILDKIT, USERS, Terminal, users_pod
from tests.e2e.programs import buildkit_image
from tests.e2e.support import Repository, new_repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.kube import Cluster, Object

MATRIX = Path(__file__).parent / "terminals" / "matrix.yaml"
PINNED = "docker.io/moby/buildkit"


@dataclass(frozen=True)
class Site:
    """A repository with such a site, and the cluster that it is deployed to."""

    cluster: Cluster
    repository: Repository
    registry: str
    """The registry of tests, as pods reach it."""

    def image(self) -> str:
        """Build and push the notebook; return its reference, by which the node pulls it."""
        self.repository.run("build", "--push", "terminal")
        root = self.repository.root
        project = load_project(read_inputs(root, overlays=(str(root / "site.yaml"),)))
        return references(state_of(project))["terminal:default", "linux/amd64"]

    def render(self, **settings: Any) -> None:
        """Write ``deploy/`` for the cluster: its BuildKit finds base images where pods reach the registry."""
        mirrors = {"registries": {"docker.io": self.registry}}
        network = {"mirrors": mirrors, "trusted_hosts": [self.registry]}
        path = self.repository.registry.partition("/")[2]
        overlay = {
            "registry": f"{self.registry}/{path}",
            "network": network,
            "sites": {"hub": {"buildkit": settings}},
        }
        (self.repository.root / "cluster.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
        self.run("render")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run image-matrix for the cluster."""
        overlay = ("--overlay", str(self.repository.root / "cluster.yaml"))
        done = subprocess.run(
            self.repository.command(*overlay, *arguments),
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    def manifests(self) -> list[Object]:
        """Return what kustomize makes of ``deploy/hub/buildkit``, with the image that is here: docs/buildkit.md."""
        folder = self.repository.root / "laid-over"
        folder.mkdir(exist_ok=True)
        name, _, tag = buildkit_image(rootless_image(PINNED)).rpartition(":")
        rendered = PINNED.replace("docker.io", self.registry)
        overlay = {
            "resources": ["../deploy/hub/buildkit"],
            "images": [{"name": rendered, "newName": name, "newTag": tag}],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
        done = subprocess.run(
            [self.cluster.program, "kustomize", str(folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return list(yaml_files.load_all(done.stdout))

    def deploy(self, **settings: Any) -> list[Object]:
        """Render and apply the BuildKit of the site."""
        self.render(**settings)
        made = self.manifests()
        self.cluster.apply(made)
        return made

    def rolled_out(self) -> None:
        """Wait until BuildKit runs as it was applied."""
        done = self.cluster.kubectl(
            "rollout", "status", "statefulset/buildkitd", f"--namespace={BUILDKIT}", "--timeout=180s"
        )
        assert done.returncode == 0, (done.stdout, done.stderr, self.said())

    def said(self) -> tuple[str, str]:
        """Return what BuildKit's pod says, and what is said of it."""
        pod = ("pod/buildkitd-0", f"--namespace={BUILDKIT}")
        return self.cluster.kubectl("describe", *pod).stdout[-3000:], self.cluster.kubectl(
            "logs", *pod
        ).stdout

    @contextmanager
    def forwarded(self) -> Iterator[str]:
        """Have BuildKit at an address of this machine, as docs/buildkit.md does for a laptop."""
        command = [
            str(self.cluster.program),
            f"--kubeconfig={self.cluster.kubeconfig}",
            f"--namespace={BUILDKIT}",
            "port-forward",
            "service/buildkitd",
            ":1234",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forwarding:
            try:
                assert forwarding.stdout is not None
                said = forwarding.stdout.readline()  # Forwarding from 127.0.0.1:40123 -> 1234
                yield f"tcp://{said.split()[2]}"
            finally:
                forwarding.terminate()

    def terminal(self, name: str, image: str) -> Terminal:
        """Start a user's pod with what the site gives it."""
        text = (self.repository.root / "deploy" / "hub" / "jupyterhub" / "values.yaml").read_text(
            encoding="utf-8"
        )
        self.cluster.apply([users_pod(name, image, yaml_files.load(text)["singleuser"])])
        ready = self.cluster.kubectl(
            "wait", "--for=condition=Ready", f"pod/{name}", f"--namespace={USERS}", "--timeout=120s"
        )
        assert ready.returncode == 0, self.cluster.kubectl(
            "describe", "pod", name, f"--namespace={USERS}"
        ).stdout
        return Terminal(self.cluster, name)


def new_site(cluster: Cluster, folder: Path, registry: str) -> Site:
    """Make the repository."""
    repository = new_repository(folder / "repository")
    (repository.root / "matrix.yaml").write_text(MATRIX.read_text(encoding="utf-8"), encoding="utf-8")
    return Site(cluster, repository, registry)
