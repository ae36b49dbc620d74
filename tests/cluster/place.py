"""A cluster with Flux, a repository of notebook images that it follows, and the hubs that Flux installs."""

from __future__ import annotations

import base64
import copy
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.config.annotations import REVISION
from tests import yaml_files
from tests.cluster.hub_chart import STAND_IN, HubChart
from tests.cluster.kube import Cluster, Object, condition, until
from tests.cluster.releases import Notebooks, new_repository
from tests.cluster.served import pack_chart, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parent.parent.parent / "docs" / "flux.md"
GIT, OCI = "gitrepository", "ocirepository"
KUSTOMIZATION = "kustomization.kustomize.toolkit.fluxcd.io"
SYSTEM = "flux-system"


def documented(heading: str) -> list[Object]:
    """Return the manifests that docs/flux.md has below a heading."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    texts = [block.split("```")[0] for block in section.split("```yaml\n")[1:]]
    return [item for text in texts for item in yaml_files.load_all(text) if "kind" in item]


@dataclass(frozen=True)
class Place:
    """What a test of Flux works with."""

    cluster: Cluster
    notebooks: Notebooks
    address: str
    chart: HubChart

    def here(self, item: Object) -> Object:
        """Return a manifest of the documentation with the addresses of this place."""
        made = copy.deepcopy(item)
        if made["kind"] == "GitRepository":
            made["spec"]["url"] = f"{self.address}/{self.notebooks.remote.name}"
        if made["kind"] == "OCIRepository":
            url = f"oci://{self.notebooks.registry}/{self.notebooks.path}/deploy"
            made["spec"] |= {"url": url, "insecure": True}  # the registry of tests speaks plain HTTP
        if made["kind"] == "HelmRepository":
            made["spec"]["url"] = f"{self.address}/charts"
        return made

    def follow(self, items: list[Object]) -> None:
        """Apply manifests of the documentation."""
        self.cluster.apply([self.here(item) for item in items])

    def reconcile(self, kind: str, name: str, namespace: str = SYSTEM) -> Object:
        """Ask a controller to look now, as ``flux reconcile`` does; return the object when it has."""
        now = str(time.time_ns())
        note = f"reconcile.fluxcd.io/requestedAt={now}"
        done = self.cluster.kubectl("annotate", "--overwrite", f"--namespace={namespace}", kind, name, note)
        assert done.returncode == 0, done.stderr

        def handled() -> Object | None:
            found = self.cluster.get(kind, name, namespace)
            seen = (found or {}).get("status", {}).get("lastHandledReconcileAt")
            return found if seen == now else None

        return until(handled, lambda: self.cluster.get(kind, name, namespace))

    def fetch(self, commit: str, name: str = "notebook-images", kind: str = GIT) -> None:
        """Have source-controller fetch a commit; what follows from it, Flux does by itself."""
        found = self.reconcile(kind, name)
        artifact = found["status"].get("artifact", {})
        revision = artifact.get("metadata", {}).get(REVISION, artifact.get("revision", ""))
        assert revision.endswith(f"sha1:{commit}"), found["status"]

    def applied(self, commit: str, name: str) -> Object:
        """Wait until a Kustomization has applied a commit, and all of it is ready."""

        def look() -> Object | None:
            found = self.cluster.get(KUSTOMIZATION, name, SYSTEM)
            status = (found or {}).get("status", {})
            # an artifact's own revision is its digest
            revision = status.get("lastAppliedOriginRevision") or status.get("lastAppliedRevision", "")
            done = revision.endswith(commit) and condition(found).get("status") == "True"
            return found if done else None

        return until(look, lambda: self.cluster.get(KUSTOMIZATION, name, SYSTEM))

    def hub(self, namespace: str = "jupyterhub") -> Object:
        """Return the values that the hub of a namespace runs with; none before it is installed."""
        secret = self.cluster.get("secret", "hub", namespace)
        text = base64.b64decode(secret["data"]["values.yaml"]) if secret else b"{}"
        values: Object = yaml_files.load(text)
        return values

    def listed(self) -> str:
        """Return the version of the ConfigMap with the profiles of the first hub."""
        found = self.cluster.get("configmap", "image-matrix-profiles", "jupyterhub")
        assert found is not None
        return str(found["metadata"]["resourceVersion"])

    def pull_errors(self) -> list[str]:
        """Return why pods of the DaemonSets of the first hub wait for their images."""
        statuses = [
            status
            for pod in self.cluster.all("pod", "--namespace=jupyterhub")
            for status in pod["status"].get("initContainerStatuses", ())
        ]
        reasons = [status["state"].get("waiting", {}).get("reason", "") for status in statuses]
        return [reason for reason in reasons if reason in ("ErrImagePull", "ImagePullBackOff")]

    def offers(self, wanted: list[Any], namespace: str = "jupyterhub", seconds: float = 120) -> None:
        """Wait until the hub of a namespace offers a list of profiles."""
        until(
            lambda: self.hub(namespace).get("singleuser", {}).get("profileList") == wanted,
            lambda: self.state(namespace),
            seconds,
        )

    def upgraded(self, namespace: str = "jupyterhub") -> None:
        """Wait until helm-controller has nothing left to do for the hub of a namespace, whose pods run then."""

        def look() -> bool:
            found = self.cluster.get("helmrelease", "jupyterhub", namespace)
            busy = condition(found, "Reconciling").get("status") == "True"
            return condition(found).get("status") == "True" and not busy

        until(look, lambda: self.state(namespace), seconds=300)

    def state(self, namespace: str) -> dict[str, object]:
        """Return what Flux says of everything, for a test that fails."""
        kinds = (GIT, OCI, KUSTOMIZATION, "helmrelease")
        said: dict[str, object] = {
            f"{kind}/{item['metadata']['name']}": item.get("status", {}).get("conditions")
            for kind in kinds
            for item in self.cluster.all(kind)
        }
        events = [
            item["message"]
            for item in self.cluster.all("event", f"--namespace={namespace}")
            if item["message"]
        ]
        return {**said, "hub": self.hub(namespace), "events": events[-8:]}


def profiles(place: Place, site: str = "hub", branch: str = "release") -> list[Any]:
    """Return the profiles that a branch has for a site."""
    found: list[Any] = place.notebooks.offered(site, branch)["singleuser"]["profileList"]
    return found


@contextmanager
def place_in(
    cluster: Cluster, folder: Path, address: str, registry: str, matrix: dict[str, Any], *files: Path
) -> Iterator[Place]:
    """Make a repository and serve it, and a chart, for the time of a ``with``; then remove what Flux has of it.

    The images hold nothing, so no hub can run; the chart is the one that does without.
    """
    path = f"cluster-{uuid.uuid4().hex[:8]}"
    served = folder / "served"
    notebooks = new_repository(folder / "work", served / "notebooks.git", registry, path, matrix, files)
    with served_place(cluster, notebooks, address, STAND_IN) as place:
        yield place


@contextmanager
def served_place(cluster: Cluster, notebooks: Notebooks, address: str, chart: HubChart) -> Iterator[Place]:
    """Serve a repository and the chart of a hub for the time of a ``with``; then remove what Flux has of it."""
    served = notebooks.remote.parent
    pack_chart(chart.folder, served / "charts")
    with serving(served, address) as url:
        place = Place(cluster, notebooks, url, chart)
        try:
            yield place
        finally:
            remove(cluster)


def remove(cluster: Cluster) -> None:
    """Remove what tests made Flux do: what makes objects first, the objects then."""
    for kind in ("helmrelease", KUSTOMIZATION, GIT, OCI, "helmrepository"):
        done = cluster.kubectl("delete", kind, "--all", "--all-namespaces", "--timeout=60s")
        assert done.returncode == 0, done.stderr
    for namespace in ("jupyterhub", "teaching"):
        cluster.delete("namespace", namespace)
