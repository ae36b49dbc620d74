"""`accept`, `build` and `ci attest` with signing: what is signed before it is tagged, and what is not believed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix.cli import run
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.cli.signatures import UNVERIFIED
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.indexes import by_digest, policy_of
from image_matrix.registry.reference import digest_of
from tests.git_commands import git
from tests.registry.writable import Behaviour, Writable, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.planning.plan import State

pytestmark = pytest.mark.slow
MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"
MANIFEST = json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}).encode()
WORKFLOW = "https://github.example.org/example/notebooks/.github/workflows/images.yaml@refs/heads/main"
COSIGN = """#!/bin/sh
echo "cosign $*" >> "{folder}/calls"
for word; do case "$word" in --predicate=*) cp "${{word#*=}}" "{folder}/predicate" ;; esac; done
case "$1" in
verify) [ -e "{folder}/signed" ] || {{ echo "Error: no signatures found" >&2; exit 10; }} ;;
sign) [ ! -e "{folder}/refuses" ] || {{ echo "Error: no identity" >&2; exit 1; }} ;;
esac
"""
DOCKER = """#!/bin/sh
echo "docker $*" >> "{folder}/calls"
case "$*" in *" inspect --raw "*) echo '{{"layers": []}}' ;; esac
"""


@dataclass
class Place:
    """A repository whose images are in a registry, with programs that write down how they are called."""

    root: Path
    server: Writable
    folder: Path

    @property
    def state(self) -> State:
        return state_of(load_project(read_inputs(self.root)))

    def push(self, *images: str) -> None:
        """Put an image under the immutable tags of the amd64 images that are named."""
        for (name, platform), reference in references(self.state).items():
            if name.partition(":")[0] in images and platform == "linux/amd64":
                tag = reference.partition("/")[2]
                repository = tag.partition(":")[0]
                self.server.manifests[f"{repository}@{digest_of(MANIFEST)}"] = MANIFEST
                self.server.tags[tag] = digest_of(MANIFEST)

    def image(self, name: str) -> str:
        return by_digest(references(self.state)[f"{name}:default", "linux/amd64"], digest_of(MANIFEST))

    def keep(self, image: str) -> None:
        """Put an image into the registry, without a tag."""
        self.server.manifests[image.partition("/")[2]] = MANIFEST

    def tags(self) -> list[str]:
        """The tags that point to the image."""
        return [name for name, digest in self.server.tags.items() if digest == digest_of(MANIFEST)]

    def run(self, *arguments: str) -> int:
        return run(["-C", str(self.root), *arguments])

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def verbs(self) -> list[str]:
        """The calls without `imagetools inspect`: what is verified, signed and attested."""
        short = [" ".join(call.split()[:4]) for call in self.calls() if " inspect " not in call]
        return [call if call.startswith("docker") else " ".join(call.split()[:2]) for call in short]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, script in (("cosign", COSIGN), ("docker", DOCKER)):
        (tmp_path / name).write_text(script.format(folder=tmp_path))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example.org")
    monkeypatch.setenv("GITHUB_REPOSITORY", "example/notebooks")
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "IMAGE_MATRIX_STAGING"):
        monkeypatch.delenv(name, raising=False)
    with serving(Behaviour()) as server:
        root = tmp_path / "work"
        root.mkdir()
        (root / "matrix.yaml").write_text(MATRIX.read_text().replace("ghcr.io/example", server.host))
        yield Place(root, server, tmp_path)


def accept(place: Place, *options: str) -> int:
    image = ("--image", place.image("base"), "--platform", "linux/amd64", "base")
    place.keep(place.image("base"))
    return place.run("accept", *options, *image)


def immutable(place: Place) -> str:
    """The immutable tag of the base on amd64, without the host."""
    return references(place.state)["base:default", "linux/amd64"].partition("/")[2]


def test_an_image_is_signed_before_it_gets_its_tag(place: Place) -> None:
    assert accept(place) == 0
    assert place.verbs() == ["cosign verify", "cosign sign"]
    assert place.tags() == [immutable(place)]
    (sign,) = (call for call in place.calls() if call.startswith("cosign sign"))
    key = place.state.keys["base:default"].platforms["linux/amd64"]
    for claim in (
        "step=tested",
        "variant=base:default",
        "platform=linux/amd64",
        f"key={key}",
        f"workflow={WORKFLOW}",
    ):
        assert f" --annotations=image-matrix.{claim} " in sign
    assert sign.endswith(place.image("base"))
    assert "--recursive" not in sign


def test_what_is_signed_is_not_signed_again(place: Place) -> None:
    (place.folder / "signed").touch()
    assert accept(place) == 0
    assert place.verbs() == ["cosign verify"]
    assert place.tags() == [immutable(place)]


def test_without_a_signature_there_is_no_tag(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    (place.folder / "refuses").touch()
    assert accept(place) == 1
    assert place.verbs() == ["cosign verify", "cosign sign"]
    assert place.tags() == []
    assert "could not be signed: no identity" in capsys.readouterr().err


def test_a_pull_request_signs_nothing(place: Place) -> None:
    image = place.image("base").replace("/notebooks/", "/notebooks/staging/")
    place.keep(image)
    assert place.run("accept", "--staging", "--image", image, "--platform", "linux/amd64", "base") == 0
    assert place.verbs() == []
    assert place.tags() == [immutable(place).replace("/base:", "/staging/base:")]


def test_a_laptop_accepts_without_a_signature(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """cosign would sign with the identity of a person, which no run accepts."""
    monkeypatch.delenv("GITHUB_REPOSITORY")
    assert accept(place) == 0
    assert place.verbs() == []
    assert place.tags() == [immutable(place)]


def build(place: Place, name: str, *options: str) -> int:
    arguments = ("--push", "--candidate", "--print", "--platform", "linux/amd64")
    return place.run("build", *arguments, *options, name)


def test_a_parent_that_nobody_signed_blocks(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.push("base")
    assert build(place, "lab") != 0
    said = capsys.readouterr().err
    assert "blocked: the parent base:default is not used for linux/amd64: it has no valid signature" in said


def test_a_signed_parent_is_built_on_by_its_digest(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.push("base")
    (place.folder / "signed").touch()
    assert build(place, "lab") == 0
    assert place.image("base") in capsys.readouterr().out


def test_an_image_that_nobody_signed_is_not_used_again(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.push("base")
    assert build(place, "base") == 0
    shown = capsys.readouterr()
    assert [*json.loads(shown.out)["target"]] == ["base_default-amd64"]
    assert "the image in the registry is not used: it has no valid signature" in shown.err
    (place.folder / "signed").touch()
    assert build(place, "base") == 0
    assert json.loads(capsys.readouterr().out).get("target", {}) == {}


def test_a_pull_request_uses_what_is_there(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.push("base")
    assert build(place, "lab", "--staging") == 0
    assert place.image("base") in capsys.readouterr().out
    assert place.verbs() == []


def attest(place: Place, image: str) -> int:
    result = place.folder / "scanned.json"
    result.write_text(json.dumps([{"variant": "base:default", "image": image, "report": "ab" * 32}]))
    return place.run("ci", "attest", "--platform", "linux/amd64", str(result))


def test_a_scan_is_attested_with_its_policy_and_its_report(place: Place) -> None:
    (place.folder / "signed").touch()
    assert attest(place, place.image("base")) == 0
    assert place.verbs() == ["cosign verify", "cosign attest"]
    keys, release = place.state.keys["base:default"], place.state.loaded.matrix.release
    assert json.loads((place.folder / "predicate").read_text()) == {
        "image-matrix.step": "scanned",
        "image-matrix.variant": "base:default",
        "image-matrix.platform": "linux/amd64",
        "image-matrix.key": keys.platforms["linux/amd64"],
        "image-matrix.policy": policy_of(release),
        "image-matrix.report": "ab" * 32,
        "image-matrix.workflow": WORKFLOW,
    }


def test_an_image_that_was_not_tested_is_not_attested(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scanner can change the file that says what it has scanned."""
    assert attest(place, place.image("base")) == 1
    assert place.verbs() == ["cosign verify"]
    assert "base:default is not scanned for linux/amd64: it has no valid signature" in capsys.readouterr().err


def test_an_image_that_is_not_there_is_not_scanned(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.run("scan", "base") == 3
    said = capsys.readouterr().err
    assert "not scanned, as the registry does not have it: base:default for linux/" in said
    assert "help: `image-matrix build --push base:default` builds and pushes it" in said


def test_the_help_for_missing_images_names_all_of_them_and_where_they_belong(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert place.run("scan", "--staging", "base", "lab") == 3
    said = capsys.readouterr().err
    assert "the registry does not have one of them: base:default for linux/" in said
    assert "`image-matrix build --push --staging base:default lab:default` builds and pushes them" in said


SCANS = """
release:
  scan: {tool: command, attach: true, command: [sh, -c, 'echo {} > "$1"', sh, "{report}", "{archive}"]}
"""


def test_an_image_whose_report_is_refused_stops_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY")
    monkeypatch.chdir(place.folder)
    monkeypatch.setattr("image_matrix.cli.scanner.fetch", lambda *_: None)
    matrix = place.root / "matrix.yaml"
    matrix.write_text(matrix.read_text() + SCANS)
    place.push("base", "lab", "science")
    for name in ("base", "lab"):
        place.server.behaviour.refused[f"POST /v2/notebooks/{name}/blobs/uploads/"] = 403
    assert place.run("scan", "--attach", "base", "lab", "science") == 3
    said = capsys.readouterr().err
    assert said.index("error: base:default linux/amd64: ") < said.index("error: lab:default linux/amd64: ")
    assert f"the report is attached to {place.image('science')}" in said
    assert len([*place.folder.glob("scan-*.json")]) == 3


def test_in_a_run_the_job_that_did_not_build_has_failed_already(place: Place) -> None:
    result = place.folder / "result.json"
    assert place.run("scan", "base", "--result", str(result)) == 0
    assert json.loads(result.read_text()) == []


def test_an_image_that_was_not_tested_is_not_scanned(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.push("base")
    assert place.run("scan", "base") == 1
    assert "base:default is not scanned for linux/amd64: it has no valid signature" in capsys.readouterr().err


def commit(place: Place) -> None:
    """Make a repository of git, whose release branch is asked for."""
    git(place.root, "init", "--quiet")
    git(place.root, "add", ".")
    git(place.root, "commit", "--quiet", "--message=a")


@pytest.mark.parametrize("command", ["status", "release"])
def test_without_signatures_tags_are_said_to_be_taken_at_their_word(
    command: str, place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(place)
    place.push("base", "lab", "science")
    said = "`build --push` by hand sets that tag without a test"
    place.run(command)
    assert said not in capsys.readouterr().err
    matrix = place.root / "matrix.yaml"
    matrix.write_text(f"{matrix.read_text()}release: {{sign: none}}\n")
    assert place.run(command) == 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", ["status", "release"])
def test_where_nobody_knows_the_identity_tags_are_taken_too(
    command: str, place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY")
    commit(place)
    place.push("base", "lab", "science")
    place.run(command)
    assert f"note: {UNVERIFIED}" in capsys.readouterr().err


def test_the_help_for_images_that_nobody_signed_signs_them(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand, with a key: `build --push` would only say that the registry has them."""
    matrix = place.root / "matrix.yaml"
    text = matrix.read_text().replace('workflow: {generator: ".[locked]"}', "workflow: none")
    matrix.write_text(f"{text}release: {{scan: none}}\n")
    commit(place)
    place.push("base", "lab", "science")
    assert place.run("release") == 1
    said = " ".join(capsys.readouterr().err.split())
    command = "image-matrix accept --platform linux/amd64 base:default lab:default science:default"
    assert f"help: `{command}` signs what `image-matrix verify --platform linux/amd64 base:default" in said
    assert place.run(*command.split()[1:]) == 0
    assert place.verbs()[-6:] == ["cosign verify", "cosign sign"] * 3


def test_a_project_without_a_workflow_is_not_sent_to_one(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = place.root / "matrix.yaml"
    text = matrix.read_text().replace('workflow: {generator: ".[locked]"}', "workflow: none")
    matrix.write_text(f"{text}release: {{sign: none}}\n")
    commit(place)
    assert place.run("release") == 1
    said = capsys.readouterr().err
    assert "help: `image-matrix build --push` builds what the registry does not have" in said
    assert "run the workflow" not in said
