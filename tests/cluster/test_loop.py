"""From an edit of the matrix to a user's pod, and back, on real parts: `make demo` shows the steps and their times.

What builds, tests and releases is called here, not by a workflow. Flux' controllers run beside the cluster.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests import yaml_files
from tests.cluster.hub import TOKEN, Hub
from tests.cluster.kube import until
from tests.cluster.place import KUSTOMIZATION, SYSTEM, Place, documented, place_in, profiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.kube import Cluster, Object

pytestmark = pytest.mark.cluster
NOTEBOOKS = Path(__file__).parent / "notebooks"


@dataclass
class Steps:
    """Says what happens, and when; `pytest --capture=no` shows it."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self, what: str) -> None:
        print(f"{time.monotonic() - self.began:7.1f} s  {what}", flush=True)


@pytest.fixture(scope="module")
def say() -> Steps:
    print()
    return Steps()


@pytest.fixture(scope="module")
def place(
    node: Cluster,  # noqa: ARG001
    flux: Cluster,
    address: str,
    registry: str,
    say: Steps,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """A hub that Flux has installed, with images that were built here."""
    matrix = yaml_files.load((NOTEBOOKS / "matrix.yaml").read_text(encoding="utf-8"))
    folder = tmp_path_factory.mktemp("loop")
    with place_in(flux, folder, address, registry, matrix, NOTEBOOKS / "proxy.sh") as made:
        say("a repository with three images: base, lab, and a hub with KubeSpawner")
        build(made, say)
        commit = made.notebooks.release()
        say(f"image-matrix release: {commit[:12]} on the branch release")
        made.follow(with_hub(made, documented("Add three files")))
        say("the three files of docs/flux.md are applied")
        offered(made, commit, say)
        yield made


def build(place: Place, say: Steps) -> None:
    """Build what the registry lacks."""
    place.notebooks.must("build", "--push")
    say("image-matrix build --push")


def with_hub(place: Place, items: list[Object]) -> list[Object]:
    """Add to the HelmRelease what a team has in its own values: here, which hub."""
    (release,) = (item for item in items if item["kind"] == "HelmRelease")
    image = place.notebooks.images()["hub:python3.13"]["reference"]
    release["spec"]["values"]["hub"] = {"image": {"name": image, "tag": ""}, "token": TOKEN}
    return items


def offered(place: Place, commit: str, say: Steps) -> Hub:
    """Follow a commit through the controllers, until the hub has its profiles."""
    place.fetch(commit)
    say("source-controller has fetched the branch")
    place.applied(commit, "notebook-prepull")
    say("kustomize-controller: the node has pulled the images")
    place.applied(commit, "notebook-profiles")
    say("kustomize-controller: the ConfigMap has the profiles")
    place.offers(profiles(place), seconds=300)
    say("helm-controller has upgraded the release")
    hub = Hub(place.cluster)
    hub.ready(profiles(place))
    say("the hub runs with them")
    return hub


def page(pod: Object) -> int:
    """The status of a page of the user's server that needs no login, asked at its pod."""
    user = pod["metadata"]["annotations"]["hub.jupyter.org/username"]
    url = f"http://{pod['status']['podIP']}:8888/user/{user}/api"
    return requests.get(url, timeout=30).status_code


def runs(place: Place, hub: Hub, pod: Object, image: str) -> str:
    """Say what a user's pod runs; it must be the released image, by its digest, and its page must answer."""
    released = place.notebooks.images()[image]["reference"]
    (container,) = pod["spec"]["containers"]
    (status,) = pod["status"]["containerStatuses"]
    assert container["image"] == released
    digest = released.rpartition("@")[2]
    assert status["imageID"].rpartition("@")[2] == digest
    user = pod["metadata"]["annotations"]["hub.jupyter.org/username"]
    answer = hub.ask("GET", f"/user/{user}/api/status")
    assert answer.status_code == 200, answer.text
    return f"HTTP 200 from the server of {user}, on {image} with the digest {digest[:19]}"


def test_a_user_starts_what_was_released(place: Place, say: Steps) -> None:
    hub = Hub(place.cluster)
    pod = hub.start("ada", profile="lab")
    say(runs(place, hub, pod, "lab:python3.13"))


def test_an_edit_becomes_a_choice_and_running_servers_stay(place: Place, say: Steps) -> None:
    hub = Hub(place.cluster)
    running = hub.pod("ada")
    assert running is not None
    edit(place, "toolz==1.0.0", say)
    build(place, say)
    commit = place.notebooks.release()
    say(f"image-matrix release: {commit[:12]} on the branch release")
    offered(place, commit, say)
    still = hub.pod("ada")
    assert still is not None
    assert still["metadata"]["uid"] == running["metadata"]["uid"]
    assert page(still) == 200
    say("the server that ran before still runs")
    pod = hub.start("grace", profile="data")
    say(runs(place, hub, pod, "data:python3.13"))
    assert version_of_toolz(place) == "1.0.0"
    say("toolz 1.0.0 is in it")


def edit(place: Place, package: str, say: Steps) -> None:
    """Add an image with a package, and a profile that offers it."""
    place.notebooks.edit("images", data={"from": "lab", "pip": [package]})
    place.notebooks.edit("profiles", data={"display_name": "Data", "images": ["data"], "sizes": ["small"]})
    say(f"matrix.yaml: an image with {package}, and a profile for it")


def version_of_toolz(place: Place) -> str:
    """What Python in the pod of a user says."""
    code = "import toolz; print(toolz.__version__)"
    done = place.cluster.kubectl(
        "exec", "--namespace=jupyterhub", "jupyter-grace", "--", "python", "-c", code
    )
    return done.stdout.strip() or done.stderr


def test_a_release_whose_image_is_gone_changes_nothing_for_users(place: Place, say: Steps) -> None:
    hub = Hub(place.cluster)
    good, shown = profiles(place), config_map(place)
    edit(place, "toolz==0.12.1", say)
    build(place, say)
    commit = place.notebooks.release()
    image = place.notebooks.images()["data:python3.13"]
    lose(image["reference"])
    say(f"image-matrix release: {commit[:12]}, and its newest image is deleted from the registry")
    place.fetch(commit)
    until(
        lambda: "ErrImagePull" in waiting(place) or "ImagePullBackOff" in waiting(place),
        lambda: waiting(place),
    )
    said = place.cluster.get(KUSTOMIZATION, "notebook-profiles", SYSTEM)
    assert said is not None
    assert not said["status"]["lastAppliedRevision"].endswith(commit)
    assert config_map(place) == shown
    assert place.hub()["singleuser"]["profileList"] == good != profiles(place)
    hub.stop("grace")
    hub.start("grace", profile="data")
    assert version_of_toolz(place) == "1.0.0"
    say("the node cannot pull it: the hub's list is as it was, and users start what they could before")
    back = place.notebooks.revert()
    say(f"git revert: {back[:12]} on the branch release")
    place.fetch(back)
    place.applied(back, "notebook-profiles")
    assert place.hub()["singleuser"]["profileList"] == good == profiles(place)
    say("Flux has taken the revert, and the hub's list is as it was")


def config_map(place: Place) -> str:
    """The version of the ConfigMap with the profiles."""
    found = place.cluster.get("configmap", "image-matrix-profiles", "jupyterhub")
    assert found is not None
    return str(found["metadata"]["resourceVersion"])


def waiting(place: Place) -> str:
    """Why containers that pull images wait."""
    pods = place.cluster.all("pod", "--namespace=jupyterhub")
    states = [
        state["state"].get("waiting", {}).get("reason", "")
        for pod in pods
        for state in pod["status"].get("initContainerStatuses", ())
    ]
    return " ".join(states)


def lose(reference: str) -> None:
    """Delete an image from the registry, as whoever cleans up too much does."""
    name, _, digest = reference.partition("@")
    host, _, path = name.rpartition(":")[0].partition("/")
    answer = requests.delete(f"http://{host}/v2/{path}/manifests/{digest}", timeout=30)
    assert answer.status_code == 202, answer.text


def test_a_revert_takes_the_choice_away(place: Place, say: Steps) -> None:
    """Two commits back, to before the choice: the revert of the broken release, and that release, cancel out."""
    values: list[Any] = profiles(place)
    assert [item["slug"] for item in values] == ["lab", "data"]
    first = place.notebooks.git("log", "--format=%H", "--reverse", "FETCH_HEAD", "--", "deploy").split()[1]
    place.notebooks.on_branch("release", "revert", "--no-edit", first)
    commit = place.notebooks.head("release")
    say(f"git revert of the first edit: {commit[:12]} on the branch release")
    hub = offered(place, commit, say)
    assert [item["slug"] for item in profiles(place)] == ["lab"]
    refused = hub.ask("POST", "/hub/api/users/carol")
    assert refused.status_code == 201
    begun = hub.ask("POST", "/hub/api/users/carol/server", profile="data")
    assert begun.status_code >= 400, begun.text
    say(f"nobody can start it any more (HTTP {begun.status_code})")
