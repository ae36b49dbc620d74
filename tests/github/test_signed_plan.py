"""`ci plan` on the default branch: what a release has signed is not scanned again, and nothing else is believed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image_matrix.cli import run
from image_matrix.cli.plan import state_of
from image_matrix.cli.project import load_project
from image_matrix.planning.plan import references
from image_matrix.project.inputs import read_inputs
from image_matrix.publish.indexes import complete
from image_matrix.registry.opening import open_registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.slow

MATRIX = Path(__file__).parent.parent / "fixtures" / "release" / "matrix.yaml"
INDEX = "application/vnd.oci.image.index.v1+json"
COSIGN = """#!/bin/sh
[ "$1" = verify ] || exit 1
echo "$*" >> "{folder}/asked"
if [ -f "{folder}/identity" ]; then
  read -r identity < "{folder}/identity"
  case "$*" in *"--certificate-identity $identity "*) ;; *) echo "Error: no matching identity" >&2; exit 10 ;; esac
fi
for last; do
  case "$last" in
    --annotations=image-matrix.step=*) step="${{last##*=}}" ;;
    --annotations=image-matrix.variant=*) variant="${{last##*=}}" ;;
  esac
done
grep --quiet --line-regexp "${{last##*@}} $step $variant" "{folder}/signed" ||
  {{ echo "Error: no signatures found" >&2; exit 10; }}
"""
EVERY = {("base", "amd64"), ("lab", "amd64"), ("science", "amd64")}


class Registry(BaseHTTPRequestHandler):
    """Has exactly the indexes in ``held``, by path: ``base/manifests/TAG``."""

    held: dict[str, bytes]

    def do_GET(self) -> None:
        body = self.held.get(self.path.removeprefix("/v2/notebooks/"))
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", INDEX)
        self.send_header("Content-Length", str(len(body or b"")))
        if body is not None:
            self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(body).hexdigest()}")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body or b"")

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""


def index_of(digests: Mapping[str, str], annotations: Mapping[str, str]) -> bytes:
    entries = [
        {"digest": digest, "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True))}
        for platform, digest in digests.items()
    ]
    return json.dumps({"mediaType": INDEX, "manifests": entries, "annotations": annotations}).encode()


@dataclass
class Place:
    """A repository whose images are all in the registry, each with the index that a release makes."""

    root: Path
    held: dict[str, bytes]
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    tested: dict[str, str] = field(default_factory=dict)
    """The variants by digest of their image."""
    indexes: dict[str, str] = field(default_factory=dict)
    """The variants by digest of their index."""
    built: set[str] = field(default_factory=set)
    """The jobs that the last plan starts."""
    table: str = ""

    @property
    def folder(self) -> Path:
        return self.root.parent

    def fill(self) -> dict[str, str]:
        """Put images and indexes into the registry; return the digests of the indexes by image."""
        state = state_of(load_project(read_inputs(self.root)))
        names = references(state)
        for (variant, platform), name in names.items():
            image = f"sha256:{hashlib.sha256(variant.encode()).hexdigest()}"
            self.held[path_of(name)] = body = index_of({platform: image}, {})
            self.tested[f"sha256:{hashlib.sha256(body).hexdigest()}"] = variant
        answers = open_registry(state.loaded.matrix).manifests(names.values())
        made = {}
        for index in complete(state, {leg: answers[name] for leg, name in names.items()}):  # type: ignore[misc]
            digests = {
                name: digest for part in index.parts.values() for name, digest in part.platforms.items()
            }
            self.held[path_of(index.reference)] = body = index_of(digests, index.annotations)
            made[index.variant.image] = f"sha256:{hashlib.sha256(body).hexdigest()}"
            self.indexes[made[index.variant.image]] = index.variant.id
        return made

    def sign(self, *digests: str, tested: Mapping[str, str] | None = None) -> None:
        """Have indexes signed as released, and images, by default all of them, as tested."""
        images = self.tested if tested is None else tested
        lines = [
            *(f"{digest} released {self.indexes[digest]}\n" for digest in digests),
            *(f"{digest} tested {variant}\n" for digest, variant in images.items()),
        ]
        (self.folder / "signed").write_text("".join(lines))

    @property
    def asked(self) -> str:
        """The calls of cosign."""
        path = self.folder / "asked"
        return path.read_text() if path.exists() else ""

    def plan(
        self, event: str = "push", payload: Mapping[str, Any] | None = None, **environment: str
    ) -> tuple[int, set[tuple[str, str]], str]:
        """Run `ci plan` for an event; return the exit code, what is scanned, and what was said."""
        files = {name: self.folder / name for name in ("event", "output", "summary")}
        files["event"].write_text(json.dumps({"ref": "refs/heads/main", **(payload or {})}))
        files["output"].write_text("")
        for name, value in {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(files["event"]),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_SERVER_URL": "https://github.example.org",
            "GITHUB_REPOSITORY": "example/notebooks",
            **environment,
        }.items():
            self.patch.setenv(name, value)
        self.capture.readouterr()
        code = run(["-C", str(self.root), "ci", "plan"])
        shown = self.capture.readouterr()
        self.table, said = shown.out, shown.err
        outputs = dict(line.split("=", 1) for line in files["output"].read_text().splitlines())
        scans = json.loads(outputs.get("scans", "{}"))
        self.built = {*json.loads(outputs.get("legs", "{}"))}
        return code, {(image, leg["arch"]) for image, legs in scans.items() for leg in legs}, said

    def edit(self, **release: Any) -> None:
        """Set fields of the section `release`."""
        path = self.root / "matrix.yaml"
        matrix = yaml.safe_load(path.read_text())
        matrix["release"] = {**matrix.get("release", {}), **release}
        path.write_text(yaml.safe_dump(matrix, sort_keys=False))


def path_of(reference: str) -> str:
    return "/manifests/".join(reference.partition("/notebooks/")[2].split(":"))


@pytest.fixture
def place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    handler = type("Held", (Registry,), {"held": {}})
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "sh", "grep"):
        (programs / name).symlink_to(str(shutil.which(name)))
    (programs / "cosign").write_text(COSIGN.format(folder=tmp_path))
    (programs / "cosign").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = tmp_path / "work"
        root.mkdir()
        text = MATRIX.read_text().replace("ghcr.io/example/", f"127.0.0.1:{server.server_port}/")
        (root / "matrix.yaml").write_text(text)
        subprocess.run(["git", "init", "--quiet", str(root)], check=True)
        made = Place(root, handler.held, capsys, monkeypatch)  # type: ignore[attr-defined]
        yield made
        server.shutdown()


def test_what_the_release_signed_is_not_scanned_again(place: Place) -> None:
    place.sign(*place.fill().values())
    assert place.plan()[:2] == (0, set())
    identity = "https://github.example.org/example/notebooks/.github/workflows/images.yaml@refs/heads/main"
    assert place.asked.count(f"--certificate-identity {identity} ") == 3


def test_an_index_that_nobody_signed_is_scanned(place: Place) -> None:
    """Whoever may push to the registry can write an image and its index, with every annotation that ours has."""
    digests = place.fill()
    place.sign(digests["base"], digests["lab"])
    code, scans, said = place.plan()
    assert (code, scans) == (0, {("science", "amd64")})
    assert place.built == set()
    assert "it has no valid signature: no signatures found" in said


def test_an_image_that_nobody_signed_is_built_again(place: Place) -> None:
    """Whoever may push to the registry can write the tag of a key, before the default branch builds it."""
    digests = place.fill()
    known = {digest: name for digest, name in place.tested.items() if not name.startswith("science:")}
    place.sign(digests["base"], digests["lab"], tested=known)
    code, scans, said = place.plan()
    assert (code, scans, place.built) == (0, {("science", "amd64")}, {"science-amd64"})
    assert "it is built again: it has no valid signature: no signatures found" in said
    assert "not signed by this workflow" in place.table


def test_a_signature_of_another_variant_proves_nothing(place: Place) -> None:
    place.fill()
    place.sign(tested=dict.fromkeys(place.tested, "base:default"))
    assert place.plan()[:2] == (0, EVERY)
    assert place.built == {"lab-amd64", "science-amd64"}


def test_what_is_released_is_not_verified_a_second_time(place: Place) -> None:
    place.sign(*place.fill().values(), tested={})
    assert place.plan()[:2] == (0, set())
    assert place.built == set()
    assert "image-matrix.step=tested" not in place.asked


def test_without_a_scanner_images_are_verified_all_the_same(place: Place) -> None:
    place.edit(scan="none")
    place.fill()
    place.sign(tested={})
    assert place.plan()[:2] == (0, set())
    assert place.built == {"base-amd64", "lab-amd64", "science-amd64"}


def test_a_machine_that_has_no_identity_builds_nothing_again(place: Place) -> None:
    """Without the identity of the workflow, no keyless signature can be told from another."""
    place.fill()
    place.sign(tested={})
    code, scans, _ = place.plan(GITHUB_SERVER_URL="", GITHUB_REPOSITORY="")
    assert (code, scans, place.built, place.asked) == (0, EVERY, set(), "")


def test_without_the_program_there_is_no_plan(place: Place) -> None:
    place.sign(*place.fill().values())
    (place.folder / "bin" / "cosign").unlink()
    code, scans, said = place.plan()
    assert (code, scans) == (3, set())
    assert "`cosign` is not on PATH" in said


def test_a_public_key_that_is_not_there_is_said_before_anything_is_asked(place: Place) -> None:
    place.edit(sign={"key": "awskms:///alias/x", "public_key": "cosign.pub"})
    place.sign(*place.fill().values())
    code, _, said = place.plan()
    assert code == 2
    assert "the file cosign.pub does not exist" in said
    (place.root / "cosign.pub").write_text("-----BEGIN PUBLIC KEY-----\n")
    assert place.plan()[:2] == (0, set())
    assert f"verify --key {place.root / 'cosign.pub'} " in place.asked


def test_where_nobody_signs_everything_is_scanned(place: Place) -> None:
    place.edit(sign="none")
    place.sign(*place.fill().values())
    code, scans, said = place.plan()
    assert (code, scans) == (0, EVERY)
    assert said.count("signing is off") == 1
    assert place.asked == ""


def test_a_pull_request_takes_what_the_default_branch_has(place: Place) -> None:
    place.sign(*place.fill().values())
    assert place.plan(IMAGE_MATRIX_STAGING="true")[:2] == (0, set())
    assert place.asked == ""


def test_what_does_not_exist_and_was_not_asked_for_is_not_scanned(place: Place) -> None:
    released = place.fill()
    place.sign(*(digest for image, digest in released.items() if image != "base"))
    path = next(path for path in place.held if path.startswith("lab/manifests/") and path.endswith("-amd64"))
    del place.held[path]
    code, scans, _ = place.plan("workflow_dispatch", {"inputs": {"images": "base"}})
    assert (code, scans) == (0, {("base", "amd64")})


def test_a_repository_with_another_name_builds_again(place: Place) -> None:
    """A signature counts for the workflow that made it; verifiers ask for the identity of today."""
    place.sign(*place.fill().values())
    workflow = ".github/workflows/images.yaml@refs/heads/main"
    (place.folder / "identity").write_text(f"https://github.example.org/example/notebooks/{workflow}\n")
    assert place.plan()[:2] == (0, set())
    code, scans, said = place.plan(GITHUB_REPOSITORY="example/renamed")
    assert (code, scans, len(place.built)) == (0, EVERY, 3)
    assert "it has no valid signature: no matching identity" in said
