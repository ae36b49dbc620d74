"""Releases against a real registry and git remote: two platforms, from images that hold one file."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import uuid
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from image_matrix.planning.plan import references
from tests.e2e.release_place import Place, last_leg, offered, place, push_to, released

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["place"]
pytestmark = pytest.mark.e2e


def test_a_missing_platform_holds_back_its_image_alone(place: Place, tmp_path: Path) -> None:
    done = place.run("release", "--push", GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    name, platform = last_leg(place)
    assert done.returncode == 0, done.stderr
    assert f"{name} is held back: {platform}: not built and tested" in done.stderr
    place.git("fetch", "-q", "origin", "release")
    images = json.loads(place.git("show", "FETCH_HEAD:deploy/images.json"))["images"]
    assert set(images) == {"base:default", "lab:default"}
    profiles = yaml.safe_load(place.git("show", "FETCH_HEAD:deploy/hub/jupyterhub/values.yaml"))
    assert [one["slug"] for one in profiles["singleuser"]["profileList"]] == ["lab"]
    summary = (tmp_path / "summary").read_text()
    assert f"| `{name}` | {platform}: not built and tested |" in summary
    assert "- profile `science` of `hub` is left out: none of its images has been released" in summary
    assert "latest" in tags(place, "lab")
    assert "latest" not in tags(place, "science")


def tags(place: Place, image: str) -> list[str]:
    """Return the tags of an image in the registry."""
    answer = requests.get(f"http://{place.registry}/v2/{place.name}/{image}/tags/list", timeout=30)
    listed: list[str] = answer.json().get("tags") or []
    return listed


def test_what_is_over_its_size_is_not_accepted(place: Place) -> None:
    name, platform = last_leg(place)
    science = yaml.safe_load((place.root / "matrix.yaml").read_text())["images"]["science"]
    place.edit("images", science={**science, "max_size": "1MB"})
    place.push((name, platform), "-candidate", size=1_100_000)
    done = place.run("accept", "--platform", platform, name)
    assert done.returncode == 1
    assert "science" in done.stderr
    assert "1.1 MB compressed; `max_size` allows 1.0 MB" in done.stderr
    assert "not built and tested" in place.run("release", "--push").stderr
    place.push((name, platform), "-candidate")
    assert place.run("accept", "--platform", platform, name).returncode == 0


def test_a_release_has_every_platform_and_says_where_it_is_from(place: Place) -> None:
    done = place.run("release", "--push", GITHUB_SHA="abc")
    assert done.returncode == 0, done.stderr
    tag = place.state().keys[last_leg(place)[0]].tag
    digest, index = place.manifest("science", tag)
    platforms = {
        f"{item['platform']['os']}/{item['platform']['architecture']}" for item in index["manifests"]
    }
    assert {"linux/amd64", "linux/arm64"} <= platforms
    assert index["annotations"]["org.opencontainers.image.revision"] == "abc"
    label = tag.rpartition("-")[0]
    assert place.manifest("science", label)[0] == place.manifest("science", "latest")[0] == digest
    place.git("fetch", "-q", "origin", "release")
    images = json.loads(place.git("show", "FETCH_HEAD:deploy/images.json"))["images"]
    assert images[last_leg(place)[0]]["digest"] == digest


def test_again_writes_nothing(place: Place) -> None:
    before = place.git("ls-remote", "origin", "release")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to create, signing is off" in done.stderr
    assert "0 of" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


def test_status_says_what_is_tested_and_what_users_have(place: Place) -> None:
    place.git("fetch", "-q", "origin", "release")
    rows = {line.split()[0]: line for line in place.run("status").stdout.splitlines()}
    assert re.fullmatch(r"lab:default +tested +no +\d+ MB +this of \d{4}-\d\d-\d\d.*", rows["lab:default"])
    place.edit(
        "images", lab={"from": "base", "kind": "jupyter", "pip": ["jupyterlab==4.6.5", "jupyterhub==5.5.0"]}
    )
    again = {line.split()[0]: line for line in place.run("status").stdout.splitlines()}
    assert re.fullmatch(r"lab:default +not built +an older one of .*", again["lab:default"])
    assert again["base:default"].split() == rows["base:default"].split()
    place.git("reset", "-q", "--hard", "HEAD~1")


def test_a_dry_run_says_and_does_nothing(place: Place) -> None:
    before = place.git("ls-remote", "origin")
    done = place.run("release")
    assert done.returncode == 0, done.stderr
    assert place.git("ls-remote", "origin") == before


def test_an_image_without_attestations_is_released_once(place: Place) -> None:
    """Its tag points to a manifest, and to no index."""
    leg = last_leg(place)
    push_to(place, references(place.state())[leg], leg[1], 20, "--provenance=false")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "1 indexes to create" in done.stderr
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to create" in done.stderr


def test_a_registry_that_is_gone(place: Place) -> None:
    overlay = place.root.parent / "gone.yaml"
    overlay.write_text("registry: localhost:9/gone\n")
    done = place.run("--overlay", str(overlay), "release", "--push")
    assert done.returncode == 3
    assert "localhost:9: connection refused" in done.stderr


def test_an_older_commit_is_not_released_over_a_newer_one(place: Place) -> None:
    newest = place.git("rev-parse", "HEAD")
    place.push(last_leg(place))  # other bytes under the same key: the index changes, and so does the release
    assert place.run("release", "--push").returncode == 0
    place.git("checkout", "-q", "HEAD~1")
    done = place.run("release", "--push")
    assert done.returncode == 1
    assert f"was made from {newest[:12]}, which is newer than this commit" in done.stderr
    place.git("checkout", "-q", "main")


def test_an_edit_and_its_revert_are_released(place: Place) -> None:
    """Three releases of one repository: deploy/ is another on each, and another one than the default branch has."""
    leg = last_leg(place)
    first = offered(place)[leg[0]]["digest"]
    matrix = (place.root / "matrix.yaml").read_text()
    assert "toolz==1.0.0" in matrix
    (place.root / "matrix.yaml").write_text(matrix.replace("toolz==1.0.0", "toolz==0.12.1"))
    place.commit("An edit")
    for platform in ("linux/amd64", "linux/arm64"):
        place.push((leg[0], platform))
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    second = offered(place)[leg[0]]["digest"]
    assert second != first
    assert place.manifest("science", "latest")[0] == second
    place.git("revert", "--no-edit", "HEAD")
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert offered(place)[leg[0]]["digest"] == place.manifest("science", "latest")[0] == first
    values = place.git("show", "FETCH_HEAD:deploy/hub/jupyterhub/values.yaml")
    assert first in values
    assert second not in values
    assert place.git("status", "--porcelain") == ""


def test_where_the_branch_refuses_no_tag_moves(place: Place) -> None:
    hook = place.root.parent / "remote.git" / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\necho 'GH013: Repository rule violations' >&2\necho 'ask the owners' >&2\nexit 1\n"
    )
    hook.chmod(0o755)
    before, branch = place.manifest("science", "latest")[0], place.git("ls-remote", "origin", "release")
    place.push(last_leg(place))
    refused = place.run("release", "--push")
    hook.unlink()
    assert refused.returncode == 1
    assert "remote: GH013: Repository rule violations" in refused.stderr
    assert "remote: ask the owners" in refused.stderr
    assert place.manifest("science", "latest")[0] == before
    assert place.git("ls-remote", "origin", "release") == branch
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "0 indexes to create" in done.stderr
    assert offered(place)[last_leg(place)[0]]["digest"] == place.manifest("science", "latest")[0] != before


STOPS = """#!/bin/sh
case "$*" in *"imagetools create --tag"*":latest "*) echo "ERROR: denied" >&2; exit 1 ;; esac
exec "{docker}" "$@"
"""


def test_what_a_failure_between_branch_and_tags_left_is_done_by_the_next_release(
    place: Place, tmp_path: Path
) -> None:
    wrapper = tmp_path / "docker"
    wrapper.write_text(STOPS.format(docker=shutil.which("docker")))
    wrapper.chmod(0o755)
    before = place.manifest("science", "latest")[0]
    place.push(last_leg(place))
    failed = place.run("release", "--push", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert failed.returncode == 3
    assert "latest could not be written: denied" in failed.stderr
    digest = offered(place)[last_leg(place)[0]]["digest"]
    assert digest != before == place.manifest("science", "latest")[0]
    done = place.run("release", "--push")
    assert done.returncode == 0, done.stderr
    assert "release is up to date" in done.stderr
    assert place.manifest("science", "latest")[0] == digest


def take_back(place: Place) -> None:
    """Revert the newest commit of the release branch, as one does while users wait."""
    place.git("fetch", "-q", "origin", "release")
    place.git("checkout", "-q", "--detach", "FETCH_HEAD")
    place.git("revert", "--no-edit", "HEAD")
    place.git("push", "-q", "origin", "HEAD:refs/heads/release")
    place.git("checkout", "-q", "main")


def test_what_was_taken_back_does_not_come_again_by_itself(place: Place) -> None:
    science, base = last_leg(place)[0], next(iter(references(place.state())))[0]
    older, good = place.git("rev-parse", "HEAD~1"), offered(place)[science]["digest"]
    place.push(last_leg(place))
    released(place, "A bad one")
    bad = offered(place)[science]["digest"]
    assert bad != good
    take_back(place)
    assert offered(place)[science]["digest"] == good

    assert "is kept" in released(place, "A typo in the README")
    assert offered(place)[science]["digest"] == good
    place.git("checkout", "-q", older)
    assert "is newer than this commit" in place.run("release", "--push").stderr
    place.git("checkout", "-q", "main")

    before = offered(place)[base]["digest"]
    place.push((base, "linux/amd64"))
    released(place, "Another image is new")
    assert offered(place)[base]["digest"] != before
    for _ in range(2):
        assert offered(place)[science] | {"digest": good, "instead_of": bad} == offered(place)[science]
        assert f"{science} keeps {good}" in released(place, "Nothing is new")

    place.push(last_leg(place))
    released(place, "Mended")
    assert offered(place)[science]["digest"] not in (good, bad)
    assert "instead_of" not in offered(place)[science]


def test_tags_of_an_image_move_beside_the_immutable_one(place: Place) -> None:
    science = last_leg(place)[0]
    image = yaml.safe_load((place.root / "matrix.yaml").read_text())["images"]["science"]
    place.edit("images", science={**image, "tags": ["stable", "r{release}", "{commit}", "{date}"]})
    before = place.manifest("science", "latest")[0]
    place.push(last_leg(place))
    released(place, "With tags")
    digest, number = (
        offered(place)[science]["digest"],
        place.git("rev-list", "--count", "--grep=^Source-Commit: ", "FETCH_HEAD"),
    )
    for tag in ("stable", f"r{number}", place.git("rev-parse", "HEAD")[:12], place.state().keys[science].tag):
        assert place.manifest("science", tag)[0] == digest
    assert place.manifest("science", "latest")[0] == before != digest, "it no longer moves"
    place.edit("images", science=image)
    released(place, "Without tags")
    assert place.manifest("science", "latest")[0] == digest


REFUSES = """#!/bin/sh
case "$*" in *"imagetools create --tag"*"/{path}/"*) echo "ERROR: denied" >&2; exit 1 ;; esac
exec "{docker}" "$@"
"""


def test_a_release_is_copied_to_other_registries(place: Place, tmp_path: Path) -> None:
    """Here to two other paths of the same one: digests are the same, and a copy that fails is made by the next run."""
    science, full, refusing = last_leg(place)[0], f"a-{uuid.uuid4().hex[:8]}", f"b-{uuid.uuid4().hex[:8]}"
    place.edit(copies=[f"{place.registry}/{place.name}/{path}" for path in (full, refusing)])
    wrapper = tmp_path / "docker"
    wrapper.write_text(REFUSES.format(docker=shutil.which("docker"), path=refusing))
    wrapper.chmod(0o755)
    place.push(last_leg(place))
    failed = place.run("release", "--push", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert failed.returncode == 3
    assert "the release is done, but 3 of 6 copies failed" in failed.stderr
    assert f"{place.name}/{refusing}/base:" in failed.stderr
    digest, tag = offered(place)[science]["digest"], place.state().keys[science].tag
    assert place.manifest("science", "latest")[0] == digest
    for name in (tag, "default", "latest"):
        assert place.manifest(f"{full}/science", name)[0] == digest
        assert place.manifest(f"{refusing}/science", name)[0] != digest
    assert "6 copies in other registries, 9 tags written" in released(place, "The rest")
    assert place.manifest(f"{refusing}/science", "latest") == place.manifest("science", "latest")
    assert "6 copies in other registries, 0 tags written" in released(place, "Nothing is new")
    place.edit(copies=None)


def test_deploy_is_pushed_to_the_registry(place: Place, tmp_path: Path) -> None:
    """What Flux' OCIRepository takes: with the layer unpacked, the same files as on the branch."""
    place.edit(artifact="deploy")
    place.push(last_leg(place))
    assert "/deploy@sha256:" in released(place, "With an artifact")
    offered(place)
    commit = place.git("rev-parse", "FETCH_HEAD")
    tags = (line.split("\t") for line in place.git("ls-remote", "--tags", "origin").splitlines())
    (version,) = (name.removeprefix("refs/tags/") for identity, name in tags if identity == commit)
    digest, manifest = place.manifest("deploy", "release")
    assert place.manifest("deploy", version)[0] == digest
    assert manifest["annotations"]["org.opencontainers.image.revision"] == f"release@sha1:{commit}"
    (layer,) = manifest["layers"]
    url = f"http://{place.registry}/v2/{place.name}/deploy/blobs/{layer['digest']}"
    for folder in ("artifact", "branch"):
        (tmp_path / folder).mkdir()
    with tarfile.open(fileobj=io.BytesIO(requests.get(url, timeout=30).content)) as tar:
        tar.extractall(tmp_path / "artifact", filter="data")
    place.git("archive", f"--output={tmp_path / 'branch.tar'}", "FETCH_HEAD:deploy")
    with tarfile.open(tmp_path / "branch.tar") as tar:
        tar.extractall(tmp_path / "branch", filter="data")
    same = subprocess.run(
        ["diff", "--recursive", tmp_path / "artifact", tmp_path / "branch"], capture_output=True
    )
    assert same.returncode == 0, same.stdout
    assert (tmp_path / "artifact" / "images.json").is_file()
    assert "0 of 2 tags updated" in released(place, "Nothing is new")
    assert place.manifest("deploy", "release")[0] == digest
    place.edit(artifact=None)


def test_another_policy_reaches_what_is_released(place: Place) -> None:
    science = last_leg(place)[0]
    before = offered(place)[science]["digest"]
    place.edit(sign="none", scan={"tool": "grype"})
    released(place, "Another scanner")
    assert offered(place)[science]["digest"] != before
    assert "0 indexes to create" in released(place, "The same one")


def test_signing_without_its_program_is_no_release(place: Place) -> None:
    place.edit(sign={"tool": "notation", "plugin": "com.example", "key": "arn:x"})
    place.push(last_leg(place))
    before = place.git("ls-remote", "origin", "release")
    done = place.run("release", "--push")
    assert done.returncode == 3
    assert "`notation` is not on PATH" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before
