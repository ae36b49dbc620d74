"""Releases that are signed: what proves something is taken, and everything else is made again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from image_matrix.build.imagetools import create
from image_matrix.planning.plan import references
from image_matrix.publish.indexes import complete, origin
from image_matrix.registry.answers import Manifest
from image_matrix.registry.opening import open_registry
from tests.e2e.proofs import accept_all, attest_all
from tests.e2e.release_place import Place, last_leg, offered, place

__all__ = ["place"]
pytestmark = pytest.mark.e2e
STANDIN = f"""#!/bin/sh
exec "{sys.executable}" "{Path(__file__).parent / "cosign.py"}" "$@"
"""

OURS = {
    "GITHUB_SERVER_URL": "https://github.example.org",
    "GITHUB_REPOSITORY": "example/notebooks",
    "GITHUB_REF": "refs/heads/main",
}

ARCHS = ("amd64", "arm64")


@dataclass
class Signed:
    """A repository whose releases are signed, with the stand-in of cosign on PATH, and with a PATH that has none."""

    place: Place
    folder: Path
    without: str

    def release(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.place.run("release", "--push", **environment)

    def prove(self) -> None:
        """Do what the jobs of a run do after a build: sign what is tested, attest what is scanned."""
        accept_all(self.place.state())
        attest_all(self.place.state())

    def scans(self, **environment: str) -> set[tuple[str, str]]:
        """What `ci plan` has scanned by the run of a push, which builds nothing: image and architecture."""
        built, scanned = self.plan(**environment)
        assert built == set(), "everything has its tag and its signature"
        return scanned

    def plan(self, **environment: str) -> tuple[set[str], set[tuple[str, str]]]:
        """What the run of a push builds, by job, and what it scans."""
        output, event = self.folder / "output", self.folder / "event.json"
        output.write_text("")
        event.write_text(json.dumps({"ref": "refs/heads/main"}))
        files = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event), "GITHUB_OUTPUT": str(output)}
        done = self.place.run("ci", "plan", **files, **environment)
        assert done.returncode == 0, done.stderr
        values = dict(line.split("=", 1) for line in output.read_text().splitlines())
        built = {*json.loads(values["legs"])}
        return built, {
            (image, leg["arch"]) for image, legs in json.loads(values["scans"]).items() for leg in legs
        }

    def science(self) -> str:
        """What the release branch offers of the last image: repository and digest."""
        entry = offered(self.place)[last_leg(self.place)[0]]
        return f"{self.place.registry}/{self.place.name}/science@{entry['digest']}"

    def verifies(self, image: str) -> bool:
        command = [str(self.folder / "cosign"), "verify", "--key", str(self.folder / "key.pub"), image]
        return subprocess.run(command, capture_output=True).returncode == 0

    def forge(self) -> None:
        """Do what whoever may push to the registry can: an image of one's own, its index, and what the index says."""
        name = last_leg(self.place)[0]
        state = self.place.state()
        for arch in ARCHS:
            self.place.push((name, f"linux/{arch}"))
        names = references(state)
        parts = {f"linux/{arch}": self.digest(names[name, f"linux/{arch}"]) for arch in ARCHS}
        (index,) = (
            item
            for item in complete(state, {leg: parts[leg[1]] if leg[0] == name else None for leg in names})
            if item.variant.id == name
        )
        create(index.reference, index.sources, origin(OURS, "2026-01-01T00:00:00+00:00", index))

    def digest(self, reference: str) -> Manifest:
        answer = open_registry(self.place.state().loaded.matrix).manifest(reference)
        assert isinstance(answer, Manifest)
        return answer


@pytest.fixture
def signed(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signed:
    """Everything is released, keyless, by the workflow of the default branch."""
    for command in (
        ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", "key.pem"],
        ["openssl", "ec", "-in", "key.pem", "-pubout", "-out", "key.pub"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "cosign").write_text(STANDIN)
    (tmp_path / "cosign").chmod(0o755)
    bare = tmp_path / "bare"
    bare.mkdir()
    for program in ("docker", "git"):
        (bare / program).symlink_to(str(shutil.which(program)))
    for name, value in {
        **OURS,
        "STANDIN_KEYS": str(tmp_path),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }.items():
        monkeypatch.setenv(name, value)
    place.edit(sign="cosign", scan={"tool": "command", "command": ["true", "{archive}", "{report}"]})
    place.push(last_leg(place))  # the repository begins without it
    made = Signed(place, tmp_path, str(bare))
    made.prove()
    done = made.release()
    assert done.returncode == 0, done.stderr
    assert made.verifies(made.science())
    return made


def test_what_is_signed_is_neither_scanned_nor_made_nor_signed_again(signed: Signed) -> None:
    before = signed.science()
    assert signed.scans() == set()
    done = signed.release()
    assert "0 indexes to create, 0 to sign, 3 exist" in done.stderr
    assert "release is up to date" in done.stderr
    assert signed.science() == before


SCIENCE = {("science", arch) for arch in ARCHS}

SCIENCE_JOBS = {f"science-{arch}" for arch in ARCHS}


def test_a_foreign_image_is_built_again_and_never_released(signed: Signed) -> None:
    place = signed.place
    before, latest = signed.science(), place.manifest("science", "latest")[0]
    branch = place.git("ls-remote", "origin", "release")
    signed.forge()
    assert signed.plan() == (SCIENCE_JOBS, SCIENCE)
    done = signed.release()
    assert done.returncode == 0, done.stderr
    held = "science:default is held back: linux/amd64: not tested: it has no valid signature"
    assert held in done.stderr
    assert signed.science() == before
    done = signed.release(PATH=signed.without)
    assert done.returncode == 3
    assert "`cosign` is not on PATH" in done.stderr
    assert place.git("ls-remote", "origin", "release") == branch
    assert place.manifest("science", "latest")[0] == latest
    place.push(last_leg(place))
    signed.prove()
    done = signed.release()
    assert done.returncode == 0, done.stderr
    assert signed.science() != before
    assert signed.verifies(signed.science())
    assert signed.scans() == set()


@pytest.mark.parametrize(
    "run", [{"GITHUB_REF": "refs/heads/theirs"}, {"GITHUB_REPOSITORY": "stranger/notebooks"}]
)
def test_a_signature_of_another_run_does_not_count(signed: Signed, run: dict[str, str]) -> None:
    signed.forge()
    tag = signed.place.state().keys[last_leg(signed.place)[0]].tag
    index = f"{signed.place.registry}/{signed.place.name}/science@{signed.place.manifest('science', tag)[0]}"
    subprocess.run(
        [str(signed.folder / "cosign"), "sign", "--yes", index], check=True, env={**os.environ, **run}
    )
    assert signed.verifies(index)
    assert signed.plan() == (SCIENCE_JOBS, SCIENCE)
    before = signed.science()
    assert "science:default is held back: linux/amd64: not tested" in signed.release().stderr
    assert signed.science() == before


def test_an_image_that_nobody_scanned_is_not_released(signed: Signed) -> None:
    place = signed.place
    branch = place.git("ls-remote", "origin", "release")
    place.push(last_leg(place))
    accept_all(place.state())
    assert signed.scans() == SCIENCE
    done = signed.release()
    assert done.returncode == 0, done.stderr
    assert "science:default is held back: linux/arm64: not scanned: it has no valid signature" in done.stderr
    assert "linux/amd64: not" not in done.stderr, "the image of the other platform is as it was"
    assert place.git("ls-remote", "origin", "release") == branch


def test_a_scan_of_another_policy_releases_nothing(signed: Signed) -> None:
    signed.place.edit(scan={"tool": "command", "command": ["true", "--more", "{archive}", "{report}"]})
    done = signed.release()
    assert done.returncode == 1
    assert "not scanned: its attestations are for another variant, key or policy" in done.stderr
    attest_all(signed.place.state())
    assert signed.release().returncode == 0


def test_an_index_that_changes_while_it_is_made_is_not_signed(signed: Signed, tmp_path: Path) -> None:
    place = signed.place
    wrapper = tmp_path / "wrapped" / "docker"
    wrapper.parent.mkdir()
    foreign = f"{place.registry}/{place.name}/base:latest"
    wrapper.write_text(SWAPS.format(docker=shutil.which("docker"), foreign=foreign))
    wrapper.chmod(0o755)
    place.push(last_leg(place))
    signed.prove()
    before = place.git("ls-remote", "origin", "release")
    done = signed.release(PATH=f"{wrapper.parent}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "is not what this release has just written" in done.stderr
    assert place.git("ls-remote", "origin", "release") == before


SWAPS = """#!/bin/sh
"{docker}" "$@" || exit
case "$*" in *"imagetools create --tag "*"-candidate --annotation"*)
  "{docker}" buildx imagetools create --tag "$5" "{foreign}" ;;
esac
"""


def test_without_a_signer_everything_is_scanned_in_every_run(signed: Signed) -> None:
    signed.place.edit(sign="none")
    for _ in range(2):
        done = signed.release(PATH=signed.without)
        assert done.returncode == 0, done.stderr
        every = {
            (leg[0].partition(":")[0], leg[1].partition("/")[2]) for leg in references(signed.place.state())
        }
        assert signed.scans(PATH=signed.without) == every
    assert "0 indexes to create, signing is off, 3 exist" in done.stderr
    assert "release is up to date" in done.stderr
