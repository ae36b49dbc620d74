"""A check that is repeated reads the same bytes: whatever else changes, all is computed again."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from image_matrix import cli
from image_matrix.cli.render import compared
from image_matrix.output_tree.manifest import MANIFEST
from image_matrix.project import content_cache, fingerprint, unchanged
from image_matrix.project.content_cache import ContentCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TypeAlias

    Check: TypeAlias = Callable[..., tuple[int, str, str]]

MATRIX = """\
version: 1
registry: ghcr.io/example/notebooks
include: [images/*.yaml]
workflow: none
sources: {debian: docker.io/library/debian:trixie-slim}
bundles: {tools: {apt: [git]}}
images:
  base: {from: debian}
"""
LAB = "images:\n  lab: {from: base, apt: [git]}\n"
DOCKERFILE = "images/lab/default/Dockerfile"
OPTIONS = ("--overlay", "site.yaml", "check", "--no-diff")


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rendered project with everything that a check may read."""
    root = tmp_path / "project"
    write(root, "matrix.yaml", MATRIX)
    write(root, "images/lab.yaml", LAB)
    write(root, "site.yaml", "network: {ca_bundle: ca.pem}\n")
    write(root, "ca.pem", "")
    write(root, "templates/dockerfiles/other.Dockerfile.j2", "RUN true\n")
    write(root, "templates/rootfs/base/etc/motd", "welcome\n")
    (root / "templates/rootfs/base/etc/link").symlink_to("motd")
    monkeypatch.chdir(root)
    monkeypatch.setattr(content_cache, "user_cache", lambda _: tmp_path / "cache")
    assert cli.run(["-q", "--overlay", "site.yaml", "render"]) == 0
    return root


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for every check that was computed, not recalled."""
    from image_matrix.project import inputs

    calls: list[str] = []
    read = inputs.read_inputs

    def counted(*arguments: object) -> inputs.Inputs:
        calls.append("computed")
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(inputs, "read_inputs", counted)
    return calls


@pytest.fixture
def check(project: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """``check`` in the project; the fixture depends on it, so that it is rendered."""
    assert project.is_dir()

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(arguments or OPTIONS)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.mark.parametrize("options", [(), ("--format", "json"), ("--no-diff",)])
def test_a_repeated_check_prints_the_same_and_computes_nothing(
    check: Check, computed: list[str], options: tuple[str, ...]
) -> None:
    first = check("check", *options)
    assert first[0] == 0
    for warning in ("bundle `tools` is not used", "no image has `kind: other`"):
        assert warning in first[1] + first[2]
    computed.clear()
    assert check("check", *options) == first
    assert computed == []


def test_colour_and_silence_are_those_of_the_call(check: Check, computed: list[str]) -> None:
    check()
    computed.clear()
    assert "\x1b[" in check("--color", "always", *OPTIONS)[2]
    assert check("-q", *OPTIONS)[1:] == ("", "")
    assert computed == []


def _to_a_link(path: Path) -> None:
    copy = path.with_name("copy")
    path.rename(copy)
    path.symlink_to(copy.name)


def _lead_to(link: Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


def _to_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _append(path: Path) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write("# another byte\n")


CHANGES: dict[str, Callable[[Path], object]] = {
    "the matrix": lambda root: _append(root / "matrix.yaml"),
    "an overlay": lambda root: _append(root / "site.yaml"),
    "an included file": lambda root: _append(root / "images/lab.yaml"),
    "a file that an include fits": lambda root: write(root, "images/web.yaml", "bundles: {}\n"),
    "a name that an include does not fit": lambda root: write(root, "images/notes.txt", ""),
    "an included file that is gone": lambda root: (root / "images/lab.yaml").unlink(),
    "an included file that is a link": lambda root: _to_a_link(root / "images/lab.yaml"),
    "a file of the network that is gone": lambda root: (root / "ca.pem").unlink(),
    "a lock": lambda root: write(root, "matrix.lock.yaml", "version: 1\n"),
    "a lock that is a folder": lambda root: (root / "matrix.lock.yaml").mkdir(),
    "a template": lambda root: _append(root / "templates/rootfs/base/etc/motd"),
    "a new template": lambda root: write(root, "templates/rootfs/base/etc/issue", ""),
    "a template that is renamed": lambda root: (root / "templates/rootfs/base/etc/motd").rename(
        root / "templates/rootfs/base/etc/issue"
    ),
    "a template that is gone": lambda root: (root / "templates/rootfs/base/etc/motd").unlink(),
    "the target of a link": lambda root: _lead_to(root / "templates/rootfs/base/etc/link", "passwd"),
    "no templates": lambda root: shutil.rmtree(root / "templates"),
    "an output": lambda root: _append(root / DOCKERFILE),
    "an output that is gone": lambda root: (root / DOCKERFILE).unlink(),
    "an output that is a link": lambda root: _to_a_link(root / DOCKERFILE),
    "an output that is a folder": lambda root: _to_a_folder(root / DOCKERFILE),
    "the manifest": lambda root: _append(root / MANIFEST),
    "no manifest": lambda root: (root / MANIFEST).unlink(),
}
if os.name == "posix":
    CHANGES["the mode of an output"] = lambda root: (root / DOCKERFILE).chmod(0o755)


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_every_kind_of_change_is_computed_again(
    check: Check,
    computed: list[str],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
) -> None:
    check()
    computed.clear()
    CHANGES[change](project)
    after = check()
    assert computed == ["computed"]
    monkeypatch.setattr(content_cache, "user_cache", lambda _: project / "empty")
    assert check() == after


@pytest.mark.parametrize(
    "options",
    [("check",), ("--overlay", "./site.yaml", "check"), ("--overlay", "site.yaml", "check", "--locked")],
)
def test_another_call_is_computed(check: Check, computed: list[str], options: tuple[str, ...]) -> None:
    check()
    computed.clear()
    check(*options)
    assert computed == ["computed"]


def test_another_program_computes_again(
    check: Check, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check()
    computed.clear()
    monkeypatch.setattr(content_cache, "program", lambda: "another")
    check()
    assert computed == ["computed"]


def test_a_failed_check_is_not_kept(check: Check, computed: list[str], project: Path) -> None:
    _append(project / DOCKERFILE)
    assert [check()[0], check()[0]] == [1, 1]
    assert [check("check", "--locked")[0], check("check", "--locked")[0]] == [1, 1]
    assert len(computed) == 4


def test_what_changes_during_the_check_is_not_kept(
    check: Check,
    computed: list[str],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def late(*arguments: object) -> object:
        result = compared(*arguments)  # type: ignore[arg-type]
        _append(project / "matrix.yaml")
        return result

    with monkeypatch.context() as patch:
        patch.setattr("image_matrix.cli.check.compared", late)
        check()
    check()
    assert computed == ["computed", "computed"]


def _damaged(text: str) -> Iterator[str]:
    yield from (text[: len(text) // 2], "", "[]", "{}", "null", text.replace('"place"', '"palce"'))
    yield from (text.replace('"listings": {', '"listings": [{').replace('}, "inside"', '}], "inside"'), "[1]")


def test_a_damaged_verdict_is_none(check: Check, computed: list[str], tmp_path: Path) -> None:
    first = check()
    (kept,) = tmp_path.glob("cache/check/*.json")
    for text in _damaged(kept.read_text(encoding="utf-8")):
        computed.clear()
        kept.write_text(text, encoding="utf-8")
        assert check() == first
        assert computed == ["computed"]


def test_a_path_that_somebody_added_to_the_manifest_is_not_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / MANIFEST).write_text('{"files": {"/dev/zero": "00"}}', encoding="utf-8")
    monkeypatch.setattr(ContentCache, "get", lambda *_: {"manifest": "another"})
    assert unchanged.recall(ContentCache(project), "check", project, "") is None


def test_the_program_is_known_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package, installed = tmp_path / "package", tmp_path / "site-packages"
    write(package, "a.py", "A = 1\n")
    write(package, "templates/base.j2", "RUN true\n")
    (installed / "jinja2-3.1.6.dist-info").mkdir(parents=True)
    monkeypatch.setattr(fingerprint, "PACKAGE", package)
    monkeypatch.setattr("sys.path", [str(installed), str(tmp_path / "nothing.zip")])

    def of_now() -> str:
        fingerprint.program.cache_clear()
        return fingerprint.program()

    seen = [of_now()]
    write(package, "__pycache__/a.pyc", "compiled")
    assert of_now() == seen[0]
    changes: list[Callable[[], object]] = [
        lambda: write(package, "a.py", "A = 2\n"),
        lambda: write(package, "b.py", ""),
        lambda: write(package, "templates/base.j2", "RUN false\n"),
        lambda: (installed / "jinja2-3.1.6.dist-info").rename(installed / "jinja2-3.1.7.dist-info"),
        lambda: monkeypatch.setattr("sys.version", "4.0"),
    ]
    for change in changes:
        change()
        seen.append(of_now())
    fingerprint.program.cache_clear()
    assert len({*seen}) == len(changes) + 1


@pytest.mark.parametrize(
    ("one", "other"), [([b"ab", b"c"], [b"a", b"bc"]), ([b"", b"a"], [b"a", b""]), ([b"a"], [b"a", b""])]
)
def test_a_cut_elsewhere_is_another_hash(one: list[bytes], other: list[bytes]) -> None:
    assert fingerprint.digest(one) != fingerprint.digest(other)


@pytest.mark.skipif(os.name != "posix", reason="pipes with names are POSIX's")
def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="neither file"):
        list(fingerprint.tree(tmp_path))
