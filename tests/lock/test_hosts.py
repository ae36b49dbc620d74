"""What the lock notes of hosts: lists of apt in a source, defaults of installers, where requests are sent on."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.lock import text as texts
from image_matrix.lock.apt_lists import LARGEST_LAYER, deb822_style, one_line_style, read_apt_lists
from image_matrix.lock.defaults import ask_defaults, asked_defaults
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from image_matrix.registry.answers import Absent, ImageLayer, Manifest
from image_matrix.registry.exchange import ConnectionFailed
from image_matrix.registry.reference import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.lock.site import Repository

MAIN = "Types: deb deb-src\nURIs: http://one.example.org/debian/ http://user:word@two.example.org\nSuites: trixie\n"
THREE = "mirror+https://three.example.org/x"
OFF = "Types: deb\nURIs: http://off.example.org\nEnabled: no\n"
SOURCE = "Types: deb-src\nURIs: http://source.example.org\n"


def layer(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(target.getvalue(), mtime=0)


class Layers:
    """A registry with one image."""

    def __init__(self, *layers: bytes, sizes: Sequence[int] = ()) -> None:
        self.contents = {digest_of(content): content for content in layers}
        self.read: list[str] = []
        self.layers = tuple(
            ImageLayer(digest_of(content), size)
            for content, size in zip(layers, sizes or map(len, layers), strict=True)
        )

    def manifest(self, reference: str) -> Manifest | Absent:
        return Manifest(reference, "", layers=self.layers) if reference == "image" else Absent()

    def blob(self, _: str, digest: str, consume: Callable[[Iterator[bytes]], object]) -> object:
        self.read.append(digest)
        return consume(iter([self.contents[digest]]))


def lists_of(registry: Layers, image: str = "image") -> tuple[str, ...]:
    return read_apt_lists(registry, image)  # type: ignore[arg-type]  # a part of the client


def test_lists_of_both_forms() -> None:
    files = {
        "etc/apt/sources.list": f"# deb http://no.example.org x\ndeb [arch=amd64] {THREE} trixie main\n",
        "etc/apt/sources.list.d/debian.sources": f"{MAIN}\n{OFF}\n{SOURCE}",
        "etc/apt/sources.list.d/debian.sources.bak": "Types: deb\nURIs: http://bak.example.org\n",
        "etc/apt/apt.conf": "deb http://conf.example.org x",
    }
    expected = ("http://one.example.org/debian", "http://two.example.org", "https://three.example.org/x")
    assert lists_of(Layers(layer(files))) == expected


def test_a_layer_above_replaces_and_removes_lists() -> None:
    below = layer(
        {
            "etc/apt/sources.list": "deb http://old.example.org x\n",
            "etc/apt/sources.list.d/a.list": "deb http://a.example.org x\n",
        }
    )
    above = layer(
        {"etc/apt/sources.list": "deb http://new.example.org x\n", "etc/apt/sources.list.d/.wh.a.list": ""}
    )
    assert lists_of(Layers(below, above)) == ("http://new.example.org",)


def test_a_large_layer_above_the_lowest_is_not_fetched() -> None:
    low, large, small = (
        layer({f"etc/apt/sources.list.d/{n}.list": f"deb http://{n}.example.org x\n"}) for n in "abc"
    )
    registry = Layers(low, large, small, sizes=(LARGEST_LAYER + 1, LARGEST_LAYER + 1, 9))
    assert lists_of(registry) == ("http://a.example.org", "http://c.example.org")
    assert registry.read == [digest_of(low), digest_of(small)]


def test_an_image_that_is_not_there_has_no_lists() -> None:
    with pytest.raises(ConnectionFailed, match="not in the registry"):
        lists_of(Layers(), "other")
    assert lists_of(Layers(layer({"etc/passwd": ""}))) == ()


def test_what_is_no_list_yields_nothing() -> None:
    assert list(one_line_style("deb\n\ndebug http://x\n#deb http://y z")) == []
    assert list(deb822_style("URIs: http://x\n\n:\n  : deb\nTypes deb")) == []
    assert list(deb822_style("Types: deb\nURIs:\n http://x.example.org\n http://y.example.org")) == [
        "http://x.example.org",
        "http://y.example.org",
    ]


@pytest.mark.slow
def test_installers_are_asked_without_the_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "PIP_INDEX_URL",
        "NPM_CONFIG_REGISTRY",
        "npm_config_registry",
    ):
        monkeypatch.setenv(name, "https://company.example.org/simple")
    answers = ask_defaults(("pip", "python", "npm"), "3.13")
    assert set(answers) >= {"pip", "python"}
    assert all(address.startswith("https://") for address in answers.values())
    assert "company.example.org" not in str(answers)


def test_an_installer_that_is_not_here_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    def fails(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("uv", 60)

    monkeypatch.setattr(subprocess, "run", fails)
    assert ask_defaults(("pip", "python", "npm"), "3.13") == {}


def test_a_default_stays_where_its_installer_is_missing(repository: Repository) -> None:
    loaded = load(read_inputs(repository.folder).texts, read_inputs(repository.folder).templates.kinds)
    known = {"pip": "https://old.example.org/simple", "npm": "https://unused.example.org"}
    asked: list[Sequence[str]] = []

    def nobody(names: Sequence[str]) -> dict[str, str]:
        asked.append(names)
        return {}

    assert asked_defaults(loaded, known, (), nobody) == {"pip": known["pip"]}
    assert asked == [["pip"]]
    assert asked_defaults(loaded, known, known, nobody) == {"pip": known["pip"]}
    assert asked == [["pip"]]


LOCK = """\
version: 1
sources:
  debian:
    digest: sha256:4edf897a3ffa55b89f906fc8cc78afdb3f1834cc9c7083565e611a8a7d5fe99e
    apt: []
defaults:
  pip: https://index.example.org/simple
hosts:
  https://index.example.org:
  - https://files.example.org:8443
  https://none.example.org: []
"""


def test_the_notes_are_written_as_they_are_read() -> None:
    lock = texts.read(LOCK)
    assert lock.sources["debian"].apt == ()
    assert lock.hosts == {
        "https://index.example.org": ("https://files.example.org:8443",),
        "https://none.example.org": (),
    }
    assert texts.read(texts.write(lock)) == lock


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pip: https", "gem: https"),
        ("https://index.example.org/simple", "file:///etc/passwd"),
        ("- https://files.example.org:8443", '- "https://files.example.org/$(id)"'),
        ("apt: []", 'apt: ["http://user:secret@example.org"]'),
        ("apt: []", 'apt: ["cdrom:x"]'),
    ],
)
def test_a_note_of_another_form_is_refused(old: str, new: str) -> None:
    with pytest.raises(MatrixError):
        texts.read(LOCK.replace(old, new))


@pytest.mark.slow
class TestLock:
    """The command, against a package index, a registry and a download site on this machine."""

    def test_mirrors_leave_no_trace(self, repository: Repository) -> None:
        assert repository.run("lock") == 0
        lock = texts.read(repository.lock)
        assert lock.hosts == {}
        assert set(lock.defaults) == {"pip"}
        assert "127.0.0.1" not in repository.lock

    def test_public_hosts_are_noted_once(
        self, repository: Repository, capsys: pytest.CaptureFixture[str]
    ) -> None:
        site = repository.site
        public = f"http://localhost:{site.port}"
        repository.change("https://files.invalid/", f"{public}/files/")
        assert repository.run("lock") == 0
        assert texts.read(repository.lock).hosts == {public: ()}
        before = repository.lock
        assert repository.run("lock") == 0
        assert repository.lock == before
        text = before[: before.index("hosts:")]
        (repository.folder / texts.FILE).write_text(text)
        assert repository.run("lock") == 0
        assert repository.lock == before
        assert "not locked" not in capsys.readouterr().err
