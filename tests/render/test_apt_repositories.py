"""Repositories of apt come before its packages, and packages of the project behind them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from image_matrix.lock.pins import Pins
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load_inputs
from image_matrix.project.render import render_all, render_builds
from image_matrix.render.bake import BAKE_FILE
from image_matrix.render.rootfs import PROJECT

FIXTURE = Path(__file__).parent.parent / "fixtures/good/apt-repositories"
STANZA = [
    "Types: deb",
    "URIs: https://apt.example.org/debian",
    "Suites: trixie",
    "Components: main contrib",
    "Signed-By: /etc/apt/keyrings/apt-example-org-debian-trixie.asc",
]


def rendered(pins: Pins | None = None) -> dict[str, str]:
    inputs = read_inputs(FIXTURE)
    files = render_builds(load_inputs(inputs), pins or Pins(), inputs.templates)
    return {path: file.content.decode() for path, file in files.items()}


def dockerfile(image: str) -> str:
    return rendered()[f"images/{image}/default/Dockerfile"]


def stanzas(text: str, root: Path, shell: str = "bash") -> dict[str, list[str]]:
    """Run the step that sets up repositories below a folder, and return the entries that it writes."""
    (script,) = re.findall(
        r"<<EOF\n((?:(?!^EOF$).)*/etc/apt/keyrings.*?)^EOF$", text, re.DOTALL | re.MULTILINE
    )
    keys = re.findall(r"source=/(\S+?),target=/(run/keys/\S+)", text)
    for source, target in keys:
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURE / source, root / target)
    (root / "etc/ssl/certs").mkdir(parents=True)
    (root / "etc/ssl/certs/ca-certificates.crt").touch()
    (root / "etc/apt/sources.list.d").mkdir(parents=True)
    places = re.sub(
        r"(?<=[ ])/(run/keys|etc)/", rf"{root}/\1/", script.partition("export HOME=/root\n")[2] or script
    )
    subprocess.run([shell, "-eu"], input=places, text=True, check=True)
    for source, target in keys:
        installed = root / "etc/apt/keyrings" / Path(target).name
        assert installed.read_bytes() == (FIXTURE / source).read_bytes()
    written = (root / "etc/apt/sources.list.d").iterdir()
    return {file.name: file.read_text().replace(f"{root}/", "/").splitlines() for file in written}


def in_order(text: str, *steps: str) -> bool:
    places = [text.index(step) for step in steps]
    return places == sorted(places)


def test_a_repository_is_a_stanza_with_its_own_key(tmp_path: Path) -> None:
    for image, shell in (("base", "bash"), ("plain", "sh")):
        written = stanzas(dockerfile(image), tmp_path / image, shell)
        assert written["apt-example-org-debian-trixie.sources"] == STANZA
        assert len(written) == 2


def test_key_and_stanza_come_before_the_packages_and_files_behind_them() -> None:
    for image in ("base", "plain"):
        assert in_order(
            dockerfile(image),
            "source=/keys/example.asc,target=/run/keys/apt-example-org-debian-trixie.asc",
            "apt-get install --yes --no-install-recommends ca-certificates",
            "install -D -m 0644 /run/keys/apt-example-org-debian-trixie.asc /etc/apt/keyrings/",
            "sources.list.d/apt-example-org-debian-trixie.sources",
            "r-base",
            "source=/debs/tool.deb,target=/run/debs/1/tool.deb",
            "    /run/debs/1/tool.deb\n",
        )


def test_a_step_of_its_own_writes_the_repositories() -> None:
    # What rewrites source lists for mirrors does so at the start of a step
    text = dockerfile("plain")
    writes = next(step for step in text.split("\nRUN ") if "sources.list.d" in step)
    assert "r-base" not in writes


def test_a_suite_that_is_a_path_has_no_components_and_a_binary_key_keeps_its_form(
    tmp_path: Path,
) -> None:
    assert stanzas(dockerfile("gpu"), tmp_path) == {
        "cuda-example-org-13.sources": [
            "Types: deb",
            "URIs: https://cuda.example.org/13",
            "Suites: ./",
            "Signed-By: /etc/apt/keyrings/cuda-example-org-13.gpg",
        ]
    }


def test_a_repository_is_not_asked_for_a_snapshot(tmp_path: Path) -> None:
    pins = Pins(apt_snapshots={"debian": "20261101T000000Z"})
    written = stanzas(rendered(pins)["images/base/default/Dockerfile"], tmp_path)
    assert written["apt-example-org-debian-trixie.sources"] == [*STANZA, "Snapshot: disable"]


def test_certificates_come_for_https_alone() -> None:
    assert "ca-certificates" in dockerfile("gpu")
    assert "ca-certificates" not in dockerfile("plain-more")


def test_children_have_the_repositories_of_their_parent_already() -> None:
    assert "sources.list.d" not in dockerfile("lab")
    assert "sources.list.d" not in dockerfile("gpu-more")


def test_a_list_replaces_the_one_before(tmp_path: Path) -> None:
    assert list(stanzas(dockerfile("plain-more"), tmp_path)) == ["last-example-org-x.sources"]


def test_the_project_is_a_named_context_of_images_that_need_it() -> None:
    targets = json.loads(rendered()[BAKE_FILE])["target"]
    named = {name for name, target in targets.items() if PROJECT in target["contexts"]}
    assert named == {"base_default", "lab_default", "gpu_default", "plain_default", "plain-more_default"}


def test_an_image_without_a_kind_installs_them_as_root() -> None:
    assert in_order(dockerfile("plain"), "USER 0", "sources.list.d", "/run/debs/1/tool.deb", "USER ${NB_UID")


def test_the_pages_list_them() -> None:
    inputs = read_inputs(FIXTURE)
    files = render_all(load_inputs(inputs), Pins(), inputs.templates)
    page = files["docs/images.md"].content.decode()
    assert "**Files of Debian packages**: `debs/tool.deb`\n" in page
    assert "`https://apt.example.org/debian trixie main contrib`" in page
