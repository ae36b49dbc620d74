"""The release branch of a bare repository: what a release writes to it, what it keeps, when it refuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from dataclasses import dataclass, field, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.cli.branch_push import publish
from image_matrix.cli.branch_update import prepare
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import Project, load_project
from image_matrix.cli.release_branch import check_last_release
from image_matrix.cli.release_report import report_release
from image_matrix.cli.session import Session
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.github.branch_commit import Git, open_git
from image_matrix.output_tree.atomic import write_atomically
from image_matrix.project.inputs import read_inputs
from image_matrix.project.render import render_deploy
from tests import yaml_files
from tests.publish.states import answering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.planning.plan import State
    from image_matrix.registry.client import Registry

DAY = date(2026, 11, 29)
MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"
GOOD, BAD, NEXT = (f"sha256:{digit * 64}" for digit in "123")
LAB, SCIENCE = "lab:default", "science:default"


@dataclass
class Place:
    """A repository with its bare remote, and what it releases."""

    git: Git
    state: State
    capture: pytest.CaptureFixture[str]
    registry: Registry = field(default_factory=lambda: answering({}))

    @property
    def remote(self) -> Path:
        return self.git.root.parent / "remote.git"

    def release(
        self,
        *,
        allow_older: bool = False,
        verified: bool = False,
        held: Mapping[str, str] = MappingProxyType({}),
        **digests: str,
    ) -> str:
        """Release digests by image, as the command does; return what was said."""
        self.capture.readouterr()
        session = Session(self.git.root, "matrix.yaml", ())
        check_last_release(self.git, self.state, allow_older=allow_older)
        variants = self.state.loaded.variants
        every = {name: digests.get(item.image, GOOD) for name, item in variants.items() if name not in held}
        update = prepare(session, self.state, self.git, every, self.registry, held)
        report_release(publish(session, self.git, update, DAY, verified=verified))
        shown = self.capture.readouterr()
        return f"{shown.out}{shown.err}"

    def commit(self, subject: str) -> str:
        """Commit to the default branch."""
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def shown(self, path: str) -> str:
        command = ["git", "-C", str(self.remote), "show", f"release:{path}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def offered(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(self.shown("deploy/images.json"))["images"]
        return found

    def tip(self) -> str:
        command = ["git", "-C", str(self.remote), "rev-parse", "--verify", "--quiet", "release"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def by_hand(self, *commands: tuple[str, ...]) -> None:
        """Check the release branch out, run git there, and push."""
        self.git("fetch", "--quiet", "origin", "release")
        self.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        for command in commands:
            self.git(*command)
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/release")
        self.git("checkout", "--quiet", "main")

    def take_back(self) -> None:
        self.by_hand(("revert", "--no-edit", "HEAD"))


def test_an_entry_names_the_image_that_was_released_before(place: Place) -> None:
    place.release()
    assert "previous" not in place.offered()[SCIENCE]
    place.commit("Newer")
    place.release(science=NEXT)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{GOOD}")
    assert "previous" not in place.offered()[LAB]
    place.commit("Nothing new")
    place.release(science=NEXT)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{GOOD}")
    place.commit("Newest")
    place.release(science=BAD)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{NEXT}")


def test_a_profile_offers_the_previous_release(place: Place, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    more = "  before: {display_name: Before, images: {before: {image: science, release: previous}}, sizes: [small]}\n"
    text = MATRIX.read_text().replace("workflow:", f"{more}workflow:")
    (tmp_path / "other" / "matrix.yaml").write_text(text)
    place.state = state_of(load_project(read_inputs(tmp_path / "other")))

    def images() -> dict[str, str]:
        listed = yaml_files.load(place.shown("deploy/hub/jupyterhub/values.yaml"))["singleuser"][
            "profileList"
        ]
        return {item["slug"]: item["kubespawner_override"]["image"] for item in listed}

    place.release()
    assert images()["before"] == images()["science"]
    place.commit("Newer")
    place.release(science=NEXT)
    assert images()["before"].endswith(f"@{GOOD}")
    assert images()["science"].endswith(f"@{NEXT}")


def test_a_release_that_is_taken_back_is_known_with_its_previous_images(place: Place) -> None:
    place.release()
    place.commit("Newer")
    place.release(science=BAD)
    place.take_back()
    assert "it is kept" in place.release(science=BAD)
    assert place.offered()[SCIENCE]["digest"] == GOOD


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("matrix")
    (root / "matrix.yaml").write_text(MATRIX.read_text())
    return load_project(read_inputs(root))


@pytest.fixture(scope="module")
def state(project: Project) -> State:
    return state_of(project)


@pytest.fixture
def place(tmp_path: Path, state: State, capsys: pytest.CaptureFixture[str]) -> Place:
    """A repository whose deploy/ is rendered and committed, as everybody's is."""
    root = tmp_path / "work"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git")], check=True)
    subprocess.run(
        ["git", "clone", "-q", str(tmp_path / "remote.git"), str(root)], check=True, capture_output=True
    )
    (root / "matrix.yaml").write_text(MATRIX.read_text())
    for path, file in render_deploy(state.loaded, state.rendered, state.pins).items():
        write_atomically(root / path, file)
    git = open_git(root, os.environ)
    git("checkout", "-q", "-B", "main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "Start")
    assert (root / "deploy" / "hub" / "jupyterhub" / "values.yaml").is_file()
    return Place(git, state, capsys)


@pytest.mark.slow
def test_every_release_replaces_deploy(place: Place) -> None:
    head = place.git("rev-parse", "HEAD")
    assert "3 of 3 released" in place.release()
    assert f"science:{place.state.keys[SCIENCE].tag}@{GOOD}\n" in place.shown(
        "deploy/hub/jupyterhub/values.yaml"
    )
    place.commit("An edit")
    assert f"{SCIENCE} {BAD}\n1 of 3 released" in place.release(science=BAD)
    assert BAD in place.shown("deploy/hub/jupyterhub/values.yaml")
    place.commit("A revert")
    assert f"{SCIENCE} {GOOD}\n1 of 3 released" in place.release()
    assert BAD not in place.shown("deploy/hub/jupyterhub/values.yaml")
    assert place.git("status", "--porcelain") == ""
    assert f"Source-Commit: {head}" in place.git("log", "--format=%B", place.tip())


INDEX = {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}
HELD = {SCIENCE: "linux/amd64: not built and tested"}


def values(place: Place) -> list[dict[str, Any]]:
    text = place.shown("deploy/hub/jupyterhub/values.yaml")
    profiles: list[dict[str, Any]] = yaml_files.load(text)["singleuser"]["profileList"]
    return profiles


def test_what_is_held_back_stays_as_it_was_released(place: Place) -> None:
    place.release()
    place.commit("Science does not build")
    place.registry = answering({f"science/manifests/{GOOD}": INDEX})
    shown = place.release(lab=NEXT, held=HELD)
    assert "1 of 3 released" in shown
    assert (place.offered()[LAB]["digest"], place.offered()[SCIENCE]["digest"]) == (NEXT, GOOD)
    assert [one["slug"] for one in values(place)] == ["lab", "science"]
    assert values(place)[1]["kubespawner_override"]["image"].endswith(f"@{GOOD}")
    before = place.tip()
    place.commit("It still does not")
    place.release(lab=NEXT, held=HELD)
    assert place.tip() == before
    place.commit("It builds again")
    place.release(lab=NEXT, science=NEXT)
    assert place.offered()[SCIENCE]["previous"].endswith(f"@{GOOD}")


def test_a_profile_waits_for_the_first_release_of_its_image(place: Place) -> None:
    shown = place.release(held=HELD)
    assert "note: profile `science` of `hub` is left out: none of its images has been released" in shown
    assert set(place.offered()) == {"base:default", LAB}
    assert [one["slug"] for one in values(place)] == ["lab"]
    place.commit("It builds")
    place.release()
    assert [one["slug"] for one in values(place)] == ["lab", "science"]


def test_an_image_that_the_registry_has_lost_is_not_offered(place: Place) -> None:
    place.release()
    place.commit("Science does not build, and somebody has deleted it")
    place.release(held=HELD)
    assert set(place.offered()) == {"base:default", LAB}


def test_a_site_does_not_lose_its_last_profile(place: Place) -> None:
    place.release()
    before = place.tip()
    place.commit("Nothing builds, and somebody has deleted the packages")
    with pytest.raises(Failure, match="no profile of `hub` has an image that is released"):
        place.release(held={**HELD, LAB: "linux/amd64: not built and tested"})
    assert place.tip() == before


@pytest.mark.slow
def test_nothing_new_is_no_commit(place: Place) -> None:
    place.release()
    before = place.tip()
    assert "release is up to date" in place.release()
    assert place.tip() == before


@pytest.mark.slow
def test_what_others_put_on_the_branch_stays(place: Place) -> None:
    place.release()
    (place.git.root / "README.md").write_text("Of this branch\n")
    place.by_hand(("add", "README.md"), ("commit", "--quiet", "--message", "A word"))
    place.commit("An edit")
    place.release(science=BAD)
    assert place.shown("README.md") == "Of this branch\n"


@pytest.mark.slow
def test_what_was_taken_back_stays_taken_back(place: Place) -> None:
    place.release()
    place.commit("A bad one")
    place.release(science=BAD)
    place.take_back()
    before = place.tip()
    place.commit("A typo in the README")
    said = place.release(science=BAD)
    assert "release was changed by hand after this was released: it is kept" in said
    assert "0 of 3 released" in said
    assert (place.tip(), place.offered()[SCIENCE]["digest"]) == (before, GOOD)


@pytest.mark.slow
def test_another_image_is_released_and_what_was_taken_back_is_remembered(place: Place) -> None:
    place.release()
    place.commit("A bad one")
    place.release(science=BAD)
    place.take_back()
    place.commit("Another image is new")
    assert f"{SCIENCE} keeps {GOOD}" in place.release(science=BAD, lab=NEXT)
    for _ in range(2):
        entry = place.offered()[SCIENCE]
        assert (entry["digest"], entry["instead_of"]) == (GOOD, BAD)
        assert place.offered()[LAB]["digest"] == NEXT
        assert BAD not in place.shown("deploy/hub/jupyterhub/values.yaml")
        place.commit("Nothing is new")
        place.release(science=BAD, lab=NEXT)
    place.release(science=NEXT, lab=NEXT)
    assert place.offered()[SCIENCE]["digest"] == NEXT
    assert "instead_of" not in place.offered()[SCIENCE]


@pytest.mark.slow
def test_the_revert_of_the_revert_offers_it_again(place: Place) -> None:
    place.release()
    place.commit("A bad one after all not so bad")
    place.release(science=BAD)
    place.take_back()
    place.take_back()
    place.commit("Nothing is new")
    place.release(science=BAD)
    assert place.offered()[SCIENCE]["digest"] == BAD
    assert "instead_of" not in place.offered()[SCIENCE]


@pytest.mark.slow
def test_a_digest_is_edited_by_hand(place: Place) -> None:
    place.release()
    place.commit("A bad one")
    place.release(science=BAD, lab=BAD)
    folder = place.git.root / "deploy"
    place.git("fetch", "--quiet", "origin", "release")
    place.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
    for path in (path for path in folder.rglob("*") if path.is_file()):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line.replace(BAD, GOOD) if "science" in line else line for line in lines))
    images = json.loads((folder / "images.json").read_text())
    images["images"][SCIENCE]["digest"] = GOOD
    (folder / "images.json").write_text(json.dumps(images, indent=2) + "\n")
    place.git("commit", "--quiet", "--all", "--message", "Back by hand")
    place.git("push", "--quiet", "origin", "HEAD:refs/heads/release")
    place.git("checkout", "--quiet", "main")
    place.commit("Another image is new")
    assert f"{SCIENCE} keeps {GOOD}" in place.release(science=BAD, lab=NEXT)
    assert place.offered()[LAB]["digest"] == NEXT


@pytest.mark.slow
def test_an_older_commit_is_refused(place: Place) -> None:
    place.release()
    newest = place.commit("The newest")
    place.release(science=BAD)
    before = place.tip()
    place.git("checkout", "--quiet", "HEAD~1")
    with pytest.raises(Failure) as caught:
        place.release()
    assert caught.value.exit_code == 1
    assert f"was made from {newest[:12]}, which is newer than this commit" in caught.value.message
    assert place.tip() == before
    assert "1 of 3 released" in place.release(allow_older=True)
    assert place.offered()[SCIENCE]["digest"] == GOOD


def test_a_release_of_a_commit_that_is_gone_is_explained_in_git_s_words(place: Place) -> None:
    place.release()
    trailer = f"--message=Release\n\nSource-Commit: {'1' * 40}"
    place.by_hand(("commit", "--quiet", "--allow-empty", trailer))
    with pytest.raises(Failure, match=r"not in its history: .*1111111"):
        place.release()


def test_a_digest_file_that_was_broken_by_hand_stops_a_release(place: Place) -> None:
    """It says what was taken back."""
    place.release(science=BAD)
    blob = place.git("hash-object", "-w", "--stdin", stdin=b"<<<<<<< HEAD\n")
    place.by_hand(
        ("update-index", "--cacheinfo", f"100644,{blob},deploy/images.json"),
        ("commit", "--quiet", "--message", "By hand"),
        ("reset", "--quiet", "--hard"),
    )
    before = place.tip()
    place.commit("Newer")
    with pytest.raises(Failure, match="cannot be read: it is not JSON"):
        place.release(science=NEXT)
    assert place.tip() == before


@pytest.mark.parametrize(
    "path", ["deploy/images.json", "deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"]
)
def test_a_file_of_the_branch_that_git_cannot_read_is_not_absent(place: Place, path: str) -> None:
    place.release(science=BAD)
    blob = place.git("rev-parse", f"{place.tip()}:{path}")
    (place.git.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    before = place.tip()
    place.commit("Newer")
    with pytest.raises(EnvironmentFailure, match="git show failed"):
        place.release(science=NEXT)
    assert place.tip() == before


@pytest.mark.slow
def test_a_release_by_hand_refuses_no_commit(place: Place) -> None:
    """Somebody's own commit has no source; the newest release's counts."""
    place.release()
    place.take_back()
    place.commit("Newer")
    place.release(science=BAD)
    place.git("checkout", "--quiet", "HEAD~1")
    with pytest.raises(Failure, match="is newer than this commit"):
        place.release()


def test_a_branch_with_profiles_keeps_some(place: Place) -> None:
    place.release()
    text = (place.git.root / "matrix.yaml").read_text().partition("sizes:")[0]
    (place.git.root / "matrix.yaml").write_text(text)
    bare = state_of(load_project(read_inputs(place.git.root)))
    with pytest.raises(Failure, match="the matrix has no profiles, but release has some"):
        check_last_release(place.git, bare, allow_older=False)


def test_a_branch_with_a_buildkit_alone_has_no_profiles_to_keep(place: Place) -> None:
    text = MATRIX.read_text().partition("sizes:")[0]
    (place.git.root / "matrix.yaml").write_text(f"{text}workflow: none\nsites: {{hub: {{buildkit: {{}}}}}}\n")
    place.state = state_of(load_project(read_inputs(place.git.root)))
    place.release()
    assert "kind: StatefulSet" in place.shown("deploy/hub/buildkit/statefulset.yaml")
    check_last_release(place.git, place.state, allow_older=False)


def test_a_branch_that_cannot_be_pushed_is_known_before_anything_is_made(place: Place) -> None:
    place.git("remote", "set-url", "--push", "origin", str(place.remote.parent / "nowhere.git"))
    with pytest.raises(EnvironmentFailure, match="the branch release could not be pushed"):
        check_last_release(place.git, place.state, allow_older=False)
    assert place.tip() == ""


@pytest.mark.slow
def test_what_somebody_else_pushed_meanwhile_is_not_lost(place: Place) -> None:
    place.release()
    session = Session(place.git.root, "matrix.yaml", (), -1)
    place.commit("An edit")
    every = {**dict.fromkeys(place.state.loaded.variants, GOOD), SCIENCE: BAD}
    update = prepare(session, place.state, place.git, every, place.registry)
    place.by_hand(("commit", "--quiet", "--allow-empty", "--message", "Meanwhile"))
    before = place.tip()
    with pytest.raises(Failure, match=r"non-fast-forward|fetch first"):
        publish(session, place.git, update, DAY)
    assert place.tip() == before
    place.release(science=BAD)
    assert place.offered()[SCIENCE]["digest"] == BAD


def index_of(digest: str) -> dict[str, Any]:
    """An index in the registry that says when it was written."""
    annotations = {"org.opencontainers.image.created": f"day {digest[-1]}"}
    return {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [],
        "annotations": annotations,
    }


@pytest.fixture
def listed(place: Place) -> Place:
    """The same with the further lists, a site of Open Data Hub, and a registry that has all images."""
    text = MATRIX.read_text().replace(
        "sites: {", "release: {lists: [catalog, devcontainers, page]}\nsites: {odh: {spawner: opendatahub}, "
    )
    (place.git.root / "matrix.yaml").write_text(text)
    names = ("base", "lab", "science")
    held = {f"{name}/manifests/{digest}": index_of(digest) for name in names for digest in (GOOD, BAD, NEXT)}
    return replace(place, state=state_of(load_project(read_inputs(place.git.root))), registry=answering(held))


@pytest.mark.slow
def test_a_release_fills_the_further_lists(listed: Place) -> None:
    listed.release()
    science = json.loads(listed.shown("deploy/catalog.json"))["images"][2]
    assert (science["image"], science["digest"], science["created"]) == ("science", GOOD, "day 1")
    container = json.loads(listed.shown("deploy/.devcontainer/science/devcontainer.json"))
    assert container["image"] == f"ghcr.io/example/notebooks/science@{GOOD}"
    assert facts_on_page(listed, SCIENCE) == {"Image": GOOD, "Built on": "lab:default", "Released": "day 1"}
    first = listed.tip()
    listed.commit("An edit that changes nothing")
    assert "release is up to date" in listed.release()
    assert listed.tip() == first


def facts_on_page(place: Place, name: str) -> dict[str, str]:
    """What the released catalog says of a variant; of its image, the digest. Its platforms are left out."""
    (data,) = re.findall(
        r'<script id="data"[^>]*>(.*?)</script>', place.shown("deploy/catalog.html"), re.DOTALL
    )
    facts = {
        term: text.rpartition("@")[2]
        for one in json.loads(data)
        if one["id"] == name
        for term, text in one["facts"]
    }
    return {term: text for term, text in facts.items() if term != "Platforms"}


def changed_last(place: Place, name: str) -> list[str]:
    """What the released catalog says has changed last in a variant, as its script puts it together."""
    page = place.shown("deploy/catalog.html")
    (data,) = re.findall(r'<script id="data"[^>]*>(.*?)</script>', page, re.DOTALL)
    entries = {one["id"]: one for one in json.loads(data)}

    def lines(one: dict[str, Any]) -> list[str]:
        return [*(lines(entries[one["on"]]) if one.get("same") else []), *one.get("changes", [])]

    return lines(entries[name])


def released_with_newer_toolz(listed: Place) -> Place:
    """Release another image of ``science``, for a newer package; return the place with the matrix as it is then."""
    matrix = listed.git.root / "matrix.yaml"
    matrix.write_text(matrix.read_text().replace("toolz==1.0.0", "toolz==1.1.0"))
    listed.git("add", "--all")
    later = replace(listed, state=state_of(load_project(read_inputs(listed.git.root))))
    later.commit("A newer toolz")
    later.release(science=BAD)
    return later


@pytest.mark.slow
def test_the_released_catalog_says_what_changed_last(listed: Place) -> None:
    listed.release()
    assert changed_last(listed, SCIENCE) == []
    later = released_with_newer_toolz(listed)
    assert changed_last(later, SCIENCE) == ["toolz 1.0.0 → 1.1.0"]
    assert changed_last(later, LAB) == []
    later.commit("Another release of another image")
    later.release(science=BAD, lab=NEXT)
    assert changed_last(later, SCIENCE) == ["toolz 1.0.0 → 1.1.0"]
    assert changed_last(later, LAB) == ["built again, with no change that is known"]
    tip = later.tip()
    later.commit("An edit that changes nothing")
    assert "release is up to date" in later.release(science=BAD, lab=NEXT)
    assert later.tip() == tip


def stream_of(place: Place) -> list[str]:
    """The digests of the images that the dashboard of Open Data Hub has for ``science``."""
    streams = yaml_files.load_all(place.shown("deploy/odh/opendatahub/imagestreams.yaml"))
    science = next(item for item in streams if item["metadata"]["name"] == "science-default")
    return [tag["from"]["name"].partition("@")[2] for tag in science["spec"]["tags"]]


@pytest.mark.slow
def test_a_rolled_back_image_takes_its_lists_along(listed: Place) -> None:
    listed.release()
    later = released_with_newer_toolz(listed)
    assert stream_of(later) == [BAD, GOOD]
    later.take_back()
    later.commit("Another edit")
    assert f"keeps {GOOD}" in later.release(science=BAD, lab=NEXT)
    images = {item["image"]: item for item in json.loads(later.shown("deploy/catalog.json"))["images"]}
    assert (images["lab"]["digest"], images["lab"]["created"]) == (NEXT, "day 3")
    assert (images["science"]["digest"], images["science"]["created"]) == (GOOD, "day 1")
    assert "toolz==1.0.0" in images["science"]["requested"]["pip"]
    page = later.shown("deploy/catalog.html")
    assert '"toolz":"1.0.0"' in page
    assert '"toolz":"1.1.0"' not in page
    assert facts_on_page(later, SCIENCE) == {"Image": GOOD, "Released": "day 1"}
    assert stream_of(later) == [GOOD]


@pytest.mark.slow
def test_the_folder_of_devcontainers_is_no_site(listed: Place) -> None:
    (listed.git.root / "matrix.yaml").write_text(
        "version: 1\nregistry: ghcr.io/example/notebooks\nworkflow: {generator: '.[locked]'}\n"
        "sources: {debian: 'docker.io/library/debian:trixie-slim'}\nrelease: {lists: [devcontainers]}\n"
        "images: {base: {from: debian, kind: base, pip: [uv==0.13.8]}}\n"
    )
    bare = replace(listed, state=state_of(load_project(read_inputs(listed.git.root))))
    bare.release()
    assert "released" in bare.release(base=BAD)


class Hub(BaseHTTPRequestHandler):
    """GitHub's API on top of a bare repository: trees, commits and branches."""

    remote: Path
    asked: list[str]

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_PATCH(self) -> None:
        self.do_POST()

    def answer(self, body: dict[str, Any]) -> None:
        what = self.path.partition("/git/")[2]
        self.asked.append(f"{self.command} {what}")
        if what == "trees":
            sha = self.tree(body)
        elif what == "commits":
            parents = [part for parent in body["parents"] for part in ("-p", parent)]
            sha = self.git("commit-tree", body["tree"], *parents, "-m", body["message"])
        else:
            sha = body["sha"]
            branch = body.get("ref", f"refs/{what.removeprefix('refs/')}")
            self.git("update-ref", branch, sha)
        content = json.dumps({"sha": sha}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def tree(self, body: dict[str, Any]) -> str:
        index = {"GIT_INDEX_FILE": str(self.remote / "index-of-the-api")}
        self.git("read-tree", body.get("base_tree", "--empty"), **index)
        for entry in body["tree"]:
            if "content" in entry:
                blob = self.git("hash-object", "-w", "--stdin", stdin=entry["content"])
                self.git(
                    "update-index", "--add", "--cacheinfo", f"{entry['mode']},{blob},{entry['path']}", **index
                )
            else:
                self.git("update-index", "--force-remove", entry["path"], **index)
        return self.git("write-tree", **index)

    def git(self, *arguments: str, stdin: str = "", **variables: str) -> str:
        who = {
            f"GIT_{role}_{field}": "github" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")
        }
        done = subprocess.run(
            ["git", "-C", str(self.remote), *arguments],
            input=stdin, capture_output=True, text=True, check=True, env={**os.environ, **who, **variables},
        )  # fmt: skip
        return done.stdout.strip()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


@pytest.mark.slow
def test_a_verified_commit_is_made_by_github(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = type("OfPlace", (Hub,), {"remote": place.remote, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("GITHUB_REPOSITORY", "example/notebooks")
        monkeypatch.setenv("GITHUB_TOKEN", "of-the-tests")
        assert "3 of 3 released" in place.release(verified=True)
        assert place.offered()[LAB]["digest"] == GOOD
        said = place.release(verified=True, lab=NEXT)
        server.shutdown()
    assert handler.asked == [  # type: ignore[attr-defined]
        "POST trees", "POST commits", "POST refs", "POST trees", "POST commits", "PATCH refs/heads/release",
    ]  # fmt: skip
    assert f"{place.tip()[:12]} on release" in said
    assert place.offered()[LAB]["digest"] == NEXT
    command = [
        "git",
        "-C",
        str(place.remote),
        "log",
        "--format=%an %s %(trailers:key=Source-Commit)",
        "release",
    ]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert log.count("github ") == 2
    assert log.count("Source-Commit: ") == 2
    # what the API wrote is what git would have written
    monkeypatch.delenv("GITHUB_TOKEN")
    assert "release is up to date" in place.release(lab=NEXT)
