"""What R packages need of their distribution: who is asked, what the lock notes, what images install, what fails."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from image_matrix.config.cran import api_addresses
from image_matrix.lock.model import Lock, LockedR
from image_matrix.lock.package_manager import NOT_ITS_ANSWER, PackageManager
from image_matrix.lock.r_packages import lock_r
from image_matrix.lock.r_pins import system_library_pins
from image_matrix.lock.read import pins_of, unlocked
from image_matrix.project.load import load
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.r_packages import RPackages
    from tests.lock.site import Repository, Site

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
workflow: none
axes: {os: ["13", "24"]}
sources:
  trixie: docker.io/library/debian:trixie-slim
  noble: docker.io/library/ubuntu:24.04
  rocker: {image: "docker.io/rocker/r-ver:4.5.1", provides: {r: "4.5"}}
images:
  base:
    from: trixie
    axes: [os]
    overrides: [{match: {os: "24"}, from: noble}]
    kind: base
    apt: [r-base-dev, libproj-dev]
  geo: {from: base, cran: [sf, lme4]}
  more: {from: geo, cran: [terra, glue@1.0, "bioc::Biobase"]}
  own: {from: base, cran: {packages: [sf], system_libraries: none}}
  child: {from: own, cran: [terra]}
  foreign: {from: rocker, cran: [sf]}
"""
GDAL = ["gdal-bin", "libgdal-dev"]
NEEDS = {
    "sf": {"sf": [*GDAL, "libproj-dev"], "units": ["libudunits2-dev"]},
    "lme4": {},
    "terra": {"terra": GDAL},
}
REPOSITORY = "https://packages.example.org/cran"


@dataclass
class Server:
    """A Posit Package Manager, as far as it is asked; what is refused fails with this reason and status."""

    asked: list[str] = field(default_factory=list)
    refusal: ConnectionFailed | None = None
    status: dict[str, Any] = field(
        default_factory=lambda: {
            "distros": [
                {"distribution": "debian", "release": "13", "binaries": True, "arch": ["x86_64"]},
                {"distribution": "debian", "release": "12", "binaries": True, "arch": ["x86_64", "arm64"]},
                {"distribution": "ubuntu", "release": "24.04", "binaries": True, "arch": ["x86_64", "arm64"]},
                {"distribution": "ubuntu", "release": "24.04", "binaries": False, "arch": ["riscv64"]},
            ]
        }
    )

    def stream(self, address: str) -> Iterator[bytes]:
        parts = urlsplit(address)
        question = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.refusal:
            raise self.refusal
        if parts.path == "/__api__/status":
            yield json.dumps(self.status).encode()
            return
        assert (parts.path, question.pop("all")) == ("/__api__/repos/cran/sysreqs", "false")
        self.asked.append(" ".join(question.values()))
        if question["pkgname"] not in NEEDS:
            raise ConnectionFailed("HTTP 404", retry=None, status=404)
        items = NEEDS[question["pkgname"]].items()
        answer = [{"name": name, "requirements": {"packages": packages}} for name, packages in items]
        yield json.dumps({"requirements": answer}).encode()


@pytest.fixture
def loaded() -> Loaded:
    return load({"matrix.yaml": MATRIX}, {"base"})


def locked(
    loaded: Loaded, server: Server, old: dict[str, LockedR] | None = None, *, upgrade: bool = False
) -> tuple[RPackages, list[str]]:
    said: list[str] = []
    manager = PackageManager(REPOSITORY, server.stream, Patience(lambda _: None))
    return lock_r(loaded, old or {}, upgrade, manager, said.append), said


def test_each_package_is_asked_for_once_for_a_distribution(loaded: Loaded) -> None:
    server = Server()
    result, said = locked(loaded, server)
    assert sorted(server.asked) == sorted(
        f"{name} {release}"
        for release in ("debian 13", "ubuntu 24.04")
        for name in ("sf", "lme4", "terra", "glue")
    )
    needs = {
        "sf": (*GDAL, "libproj-dev", "libudunits2-dev"),
        "lme4": (),
        "terra": tuple(GDAL),
        "glue": (),  # CRAN may have removed it, which is why it has a version
    }
    assert result.locked == {
        "debian-13": LockedR(("amd64",), needs),
        "ubuntu-24.04": LockedR(("amd64", "arm64"), needs),
    }
    assert (result.failures, result.findings) == ({}, {})
    assert [line for line in said if "rocker (foreign)" in line and "its distribution is not known" in line]


def test_what_is_known_is_not_asked_for_again(loaded: Loaded) -> None:
    first, _ = locked(loaded, Server())
    again = Server()
    result, _ = locked(loaded, again, first.locked)
    assert (result.locked, again.asked) == (first.locked, [])
    old = {
        name: LockedR(entry.binaries, {"sf": entry.needs["sf"], "gone": ()})
        for name, entry in first.locked.items()
    }
    result, _ = locked(loaded, again, old)
    assert result.locked == first.locked, "what nobody lists is left out"
    assert not any(line.startswith("sf ") for line in again.asked)
    locked(loaded, again, first.locked, upgrade=True)
    assert any(line.startswith("sf ") for line in again.asked)


def test_images_install_what_their_chain_does_not_list(loaded: Loaded) -> None:
    lock = Lock(r=locked(loaded, Server())[0].locked)
    pins = system_library_pins(lock, loaded)
    assert pins["geo:os13"].packages == {
        "gdal-bin": ("sf",),
        "libgdal-dev": ("sf",),
        "libudunits2-dev": ("sf",),
    }
    assert pins["more:os24"].packages == {"gdal-bin": ("terra",), "libgdal-dev": ("terra",)}
    assert {name.partition(":")[0] for name in pins} == {"geo", "more"}, "`none` is inherited"
    assert not any(item.floating for item in pins.values())
    floating = {item.what for item in unlocked(loaded, pins_of(lock, loaded))}
    assert not any("R packages" in what for what in floating)


def test_what_the_lock_does_not_know_floats(loaded: Loaded) -> None:
    floating = {item.what: item.path for item in unlocked(loaded, pins_of(Lock(), loaded))}
    assert floating["the system libraries of the R packages sf, lme4"] == ("images", "geo")
    assert floating["the system libraries of the R packages terra, glue"] == ("images", "more")


def test_a_package_that_cran_does_not_have() -> None:
    misspelt = load({"matrix.yaml": MATRIX.replace("[sf, lme4]", "[sf, lme5]")}, {"base"})
    result, _ = locked(misspelt, Server())
    (finding,) = result.findings.values()
    assert finding.path == ("images", "geo", "cran", 1)
    assert (finding.fields["repository"], finding.fields["name"]) == (REPOSITORY, "lme5")
    assert "lme5" not in result.locked["debian-13"].needs


def test_an_architecture_without_binaries_needs_a_compiler(loaded: Loaded) -> None:
    _, with_one = locked(loaded, Server())
    assert not any("binaries" in line for line in with_one)
    both = MATRIX.replace(
        "workflow: none", "workflow: none\ndefaults: {images: {platforms: [linux/amd64, linux/arm64]}}"
    )
    without = load({"matrix.yaml": both.replace("r-base-dev", "r-base")}, {"base"})
    _, said = locked(without, Server())
    (line,) = (line for line in said if "binaries" in line)
    assert line.startswith(
        "there are no binaries of R packages for debian-13 on arm64: there, geo, more builds"
    )


@pytest.mark.parametrize(
    ("refusal", "reason", "remedy"),
    [
        (ConnectionFailed("HTTP 404", retry=None, status=404), "HTTP 404", "system_libraries: none"),
        (ConnectionFailed("connection refused", retry=None), "connection refused", "list libraries in `apt`"),
        (
            ConnectionFailed("it asks for a login", retry=None, login=True),
            "asks for a login",
            "machine packages",
        ),
    ],
)
def test_a_server_that_does_not_answer(
    loaded: Loaded, refusal: ConnectionFailed, reason: str, remedy: str
) -> None:
    before = locked(loaded, Server())[0].locked
    partly = {"debian-13": LockedR(("amd64",), {"sf": before["debian-13"].needs["sf"]})}
    result, _ = locked(loaded, Server(refusal=refusal), partly)
    assert set(result.failures) == {"debian-13", "ubuntu-24.04"}
    assert result.failures["debian-13"].startswith("https://packages.example.org/__api__/status: ")
    assert reason in result.failures["debian-13"]
    assert remedy in result.remedies[0]
    assert result.locked == partly, "what was known stays"


@pytest.mark.parametrize("status", [{}, {"distros": None}, {"error": "Unsupported system"}])
def test_an_answer_of_another_program(loaded: Loaded, status: dict[str, Any]) -> None:
    result, _ = locked(loaded, Server(status=status))
    assert set(result.failures) == {"debian-13", "ubuntu-24.04"}
    wanted = "it says `Unsupported system`" if "error" in status else NOT_ITS_ANSWER
    assert wanted in result.failures["debian-13"]


@pytest.mark.parametrize(
    ("repository", "api"),
    [
        ("https://p.example.org/cran", "https://p.example.org/__api__/repos/cran"),
        ("https://p.example.org/team/r/", "https://p.example.org/team/__api__/repos/r"),
        ("http://p.example.org:4242", "http://p.example.org:4242/__api__/repos/cran"),
    ],
)
def test_the_api_stands_beside_the_repository(repository: str, api: str) -> None:
    assert api_addresses(repository)[1] == api


def place(site: Site, path: str, content: object) -> None:
    """Let the site answer at a path, whatever the question behind it."""
    file = site.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


@pytest.mark.slow
def test_from_the_lock_to_the_dockerfile(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"http://127.0.0.1:{repository.site.port}"
    repository.change('network: {"mirrors": {', f'network: {{"mirrors": {{"cran": "{address}/cran", ')
    repository.change("    pip: [delta]\n", "    pip: [delta]\n    apt: [r-base-dev]\n    cran: [sf]\n")
    assert repository.run("lock") == 3
    said = capsys.readouterr().err
    assert (
        f"not locked: system libraries of R packages on debian-13: {address}/__api__/status: HTTP 404" in said
    )
    assert "system_libraries: none" in said
    assert repository.run("check", "--locked") != 0
    assert "the system libraries of the R packages sf" in capsys.readouterr().err
    place(repository.site, "__api__/status", Server().status)
    needed = [{"name": "units", "requirements": {"packages": ["libudunits2-dev", "r-base-dev"]}}]
    place(repository.site, "__api__/repos/cran/sysreqs", {"requirements": needed})
    assert repository.run("lock") == 0
    shown = capsys.readouterr()
    assert "R package sf on debian-13: needs libudunits2-dev, r-base-dev (new)" in shown.out
    assert "no binaries of R packages for debian-13 on arm64" not in shown.err, "it has a compiler"
    assert repository.run("list", "--resolved", "leaf:python3.13") == 0
    assert "cran.system_libraries libudunits2-dev lock, for sf" in " ".join(capsys.readouterr().out.split())
    assert repository.run("render") == 0
    text = (repository.folder / "images/leaf/python3.13/Dockerfile").read_text()
    assert "apt-get install --yes --no-install-recommends \\\n    libudunits2-dev\n" in text
