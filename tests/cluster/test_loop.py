"""From an edit of the matrix to a user's pod, and back, on real parts: `make demo` shows the steps and their times.

act runs the workflow, with what stands for GitHub (docs/workflow-tests.md). The tests build on each other, as a team's
days do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from image_matrix.profiles.override_merge import merged
from tests.cluster.hub import Hub
from tests.cluster.hub_chart import Images
from tests.cluster.kube import until
from tests.cluster.place import KUSTOMIZATION, SYSTEM, Place, documented, profiles, served_place
from tests.cluster.releases import MIRROR
from tests.cluster.story import Story
from tests.cluster.team import Team, team_in
from tests.e2e.act import available

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.hub_chart import HubChart
    from tests.cluster.kube import Cluster, Object

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(not available(), reason="act is not installed")]
NOTEBOOKS = Path(__file__).parent / "notebooks"
ADDED = {
    "sizes:": "  data: {from: lab, pip: [toolz==1.0.0]}",
    "sites:": "  data: {display_name: Data, images: [data], sizes: [small]}",
}
"""What the pull request adds to matrix.yaml, before which line."""
BUILD = "Build data:python3.13 (amd64)"
"""The job that builds it."""
NOWHERE = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def say() -> Story:
    return Story()


@pytest.fixture(scope="module")
def team(registry: str, say: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team whose repository is new."""
    with team_in(tmp_path_factory.mktemp("loop") / "team", registry, NOTEBOOKS, BUILD, say) as made:
        yield made


@pytest.fixture(scope="module")
def place(
    node: Cluster,  # noqa: ARG001
    flux: Cluster,
    address: str,
    team: Team,
    hub_chart: HubChart,
) -> Iterator[Place]:
    """The cluster that is to follow the team's releases: with a node and Flux, or there is no team either."""
    with served_place(flux, team.notebooks, address, hub_chart) as made:
        yield made


def with_hub(place: Place, items: list[Object]) -> list[Object]:
    """Add to the HelmRelease what a team has in its own values: here, what the chart needs at this place."""
    (release,) = (item for item in items if item["kind"] == "HelmRelease")
    hub, lab = (place.notebooks.images()[f"{name}:python3.13"]["reference"] for name in ("hub", "lab"))
    images = Images(hub, lab, f"{place.notebooks.registry}/{MIRROR}/pause:3.10")
    release["spec"]["values"] = merged(release["spec"]["values"], place.chart.values(images))
    return items


def hub_of(place: Place) -> Hub:
    """The hub that Flux installs."""
    return Hub(place.cluster, place.chart.deployments)


def released(place: Place, say: Story) -> str:
    """Say what the release branch has; return its commit."""
    commit = place.notebooks.head("release")
    say(f"the branch release is at {commit[:12]}")
    return commit


def offered(place: Place, commit: str, say: Story) -> Hub:
    """Follow a commit through the controllers, until the hub has its profiles."""
    place.fetch(commit)
    say("source-controller has fetched the branch release")
    place.applied(commit, "notebook-prepull")
    say("kustomize-controller: the node has pulled the images")
    place.applied(commit, "notebook-profiles")
    say("kustomize-controller: the ConfigMap has the profiles")
    place.offers(profiles(place), seconds=300)
    place.upgraded()
    say("helm-controller has upgraded the hub's Helm release")
    hub = hub_of(place)
    hub.ready(profiles(place))
    return hub


def shows(hub: Hub, user: str, *wanted: str, say: Story) -> None:
    """Say what a user can choose, which must be these profiles."""
    choices = hub.choices(user)
    assert choices == list(wanted)
    say(f"{user} opens the hub, and can choose: {', '.join(choices)}")


def page(pod: Object) -> int:
    """The status of a page of the user's server that needs no login, asked at its pod."""
    user = pod["metadata"]["annotations"]["hub.jupyter.org/username"]
    url = f"http://{pod['status']['podIP']}:8888/user/{user}/api"
    return requests.get(url, timeout=30).status_code


def runs(place: Place, hub: Hub, pod: Object, image: str) -> str:
    """Say what a user's pod runs; it must be the released image, by its digest, and its page must answer."""
    reference = place.notebooks.images()[image]["reference"]
    (container,) = pod["spec"]["containers"]
    (status,) = pod["status"]["containerStatuses"]
    assert container["image"] == reference
    digest = reference.rpartition("@")[2]
    assert status["imageID"].rpartition("@")[2] == digest
    user = pod["metadata"]["annotations"]["hub.jupyter.org/username"]
    answer = hub.ask("GET", f"/user/{user}/api/status")
    assert answer.status_code == 200, answer.text
    return f"{user}'s server answers HTTP 200; its pod runs {image}, {digest[:19]}"


def test_the_first_release_reaches_a_user(place: Place, team: Team, say: Story) -> None:
    say.chapter("A repository with three images: base, lab, and a hub with KubeSpawner")
    say("matrix.yaml is locked and rendered; git push to main starts the workflow")
    team.push()
    commit = released(place, say)
    place.follow(with_hub(place, documented("Add three files")))
    say("the three files of docs/flux.md are applied to the cluster")
    say(f"the hub's chart: {place.chart.name}")
    hub = offered(place, commit, say)
    shows(hub, "ada", "lab", say=say)
    pod = hub.start("ada", profile="lab")
    say(runs(place, hub, pod, "lab:python3.13"))


def edit(file: Path) -> list[str]:
    """Add an image with a package, and a profile that offers it; return the difference, with the names of sections."""
    text = file.read_text(encoding="utf-8")
    difference = []
    for before, line in ADDED.items():
        above, found, below = text.partition(f"\n{before}\n")
        assert found
        section = [name for name in above.splitlines() if name and not name.startswith((" ", "#"))][-1]
        text = f"{above}\n{line}{found}{below}"
        difference += [f" {section}", f"+{line}"]
    file.write_text(text, encoding="utf-8")
    return difference


@pytest.mark.usefixtures("place")
def test_a_pull_request_is_locked_rendered_built_and_tested(team: Team, say: Story) -> None:
    say.chapter("A pull request that edits matrix.yaml, and nothing else")
    say("two lines are added:", *edit(team.repository.root / "matrix.yaml"))
    outcome = team.propose("toolz", "An image with toolz")
    assert outcome.results == {
        "Plan": "failed",
        "Lock for the author": "succeeded",
        "Render for the author": "succeeded",
        "Images": "failed",
    }, team.repository.log_of_run
    assert "Python packages of data:python3.13: not locked" in team.comments[1]
    say(
        "the plan says that the new package is not locked; "
        "the run locks and renders for the author, and starts again"
    )
    built = team.run_on("toolz")
    assert [name for name in built.results if name.startswith("Build")] == [BUILD]
    assert team.notebooks.git("diff", "--name-only", "main", "toolz").splitlines() != ["matrix.yaml"]
    for line in ("- **Data**: new profile", "| `data:python3.13` | built, tested | 0 |"):
        assert line in team.comments[1]
        say(f"the comment has: {line}")


def test_the_merge_becomes_a_choice_and_running_servers_stay(place: Place, team: Team, say: Story) -> None:
    hub = hub_of(place)
    running = hub.pod("ada")
    assert running is not None
    say.chapter("The merge")
    commit = team.merge("toolz")
    pushed = say.seconds()
    say(f"main is at {commit[:12]}; git push starts the workflow")
    outcome = team.push()
    assert [name for name in outcome.results if name.startswith("Build")] == [BUILD]
    hub = offered(place, released(place, say), say)
    shows(hub, "grace", "lab", "data", say=say)
    pod = hub.start("grace", profile="data")
    say(runs(place, hub, pod, "data:python3.13"))
    say(f"from git push to that answer: {say.seconds() - pushed:.0f} s")
    assert version_of_toolz(place) == "1.0.0"
    say("Python in the pod has toolz 1.0.0")
    still = hub.pod("ada")
    assert still is not None
    assert still["metadata"]["uid"] == running["metadata"]["uid"]
    assert page(still) == 200
    say("ada's server, which was started before, still runs")


def version_of_toolz(place: Place) -> str:
    """What Python in the pod of a user says."""
    code = "import toolz; print(toolz.__version__)"
    done = place.cluster.kubectl(
        "exec", "--namespace=jupyterhub", "jupyter-grace", "--", "python", "-c", code
    )
    return done.stdout.strip() or done.stderr


def test_what_the_users_pod_runs_is_signed(place: Place, team: Team, say: Story) -> None:
    pod = hub_of(place).pod("grace")
    assert pod is not None
    (status,) = pod["status"]["containerStatuses"]
    image = f"{team.repository.registry}/{team.repository.name}/data@{status['imageID'].rpartition('@')[2]}"
    assert team.verifies(image, step="released", variant="data:python3.13")
    assert not team.verifies(image, step="released", variant="lab:python3.13")
    say("cosign verifies the image of grace's pod with the team's key: data:python3.13, released")


def test_a_broken_release_changes_nothing_for_users(place: Place, say: Story) -> None:
    hub = hub_of(place)
    good, shown = profiles(place), place.listed()
    say.chapter("A broken release")
    digest = place.notebooks.images()["data:python3.13"]["digest"]
    commit = change_by_hand(place, digest, NOWHERE)
    say(f"somebody writes a digest that no image has: release is at {commit[:12]}")
    place.fetch(commit)
    until(place.pull_errors, lambda: place.state("jupyterhub"))
    say("kubelet cannot pull it")
    said = place.cluster.get(KUSTOMIZATION, "notebook-profiles", SYSTEM)
    assert said is not None
    assert not said["status"]["lastAppliedRevision"].endswith(commit)
    assert place.listed() == shown
    assert place.hub()["singleuser"]["profileList"] == good != profiles(place)
    hub.stop("grace")
    hub.start("grace", profile="data")
    assert version_of_toolz(place) == "1.0.0"
    say("the hub's list is as it was; grace stops and starts her server as before")
    back = place.notebooks.revert()
    say(f"git revert on the branch release, which is at {back[:12]}")
    place.fetch(back)
    place.applied(back, "notebook-profiles")
    assert place.hub()["singleuser"]["profileList"] == good == profiles(place)
    say("Flux has taken the revert, and the hub's list is as it was")


def change_by_hand(place: Place, old: str, new: str) -> str:
    """Replace a text in all of deploy/ on the release branch; return the commit."""
    notebooks = place.notebooks
    with notebooks.on_branch("release"):
        for file in (notebooks.root / "deploy").rglob("*.*"):
            file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        notebooks.git("commit", "--quiet", "--all", "--message", "Another digest")
    return notebooks.head("release")


def test_a_revert_of_the_merge_takes_the_choice_away(place: Place, team: Team, say: Story) -> None:
    """Users who have the choice stored get another one, as `check` says how."""
    notebooks = team.notebooks
    say.chapter("The way back")
    notebooks.git("revert", "--no-edit", "--mainline", "1", "HEAD")
    checked = notebooks.run("check", "--against", "HEAD^")
    assert checked.returncode == 1
    assert "the profile `data` of HEAD^ was removed" in checked.stderr
    assert "add `aliases: [data]` to the new profile, for example `lab`" in checked.stderr
    say("git revert of the merge. image-matrix check: users may have the profile data stored")
    file = team.repository.root / "matrix.yaml"
    lab = "  lab: {display_name: Lab,"
    text = file.read_text(encoding="utf-8")
    assert text.count(f"\n{lab}") == 1
    file.write_text(text.replace(lab, f"{lab} aliases: [data],"), encoding="utf-8")
    notebooks.must("render")
    notebooks.must("check", "--against", "HEAD^")
    notebooks.commit("Who had data gets lab")
    commit = notebooks.git("rev-parse", "HEAD")
    say(f"as it advises, lab gets `aliases: [data]`; main is at {commit[:12]}; git push")
    outcome = team.push()
    assert not [name for name in outcome.results if name.startswith("Build")]
    hub = offered(place, released(place, say), say)
    assert [item["slug"] for item in profiles(place)] == ["lab"]
    shows(hub, "carol", "lab", say=say)
    pod = hub.start("dan", profile="data")
    say("dan starts what he has stored, data, and gets lab")
    say(runs(place, hub, pod, "lab:python3.13"))
