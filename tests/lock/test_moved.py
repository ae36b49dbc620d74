"""A pin that moved without its lock: an error at its line, with the command after which everything is locked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.lock import text as texts
from image_matrix.lock.moved import _replaced

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lock.site import Repository

pytestmark = pytest.mark.slow

SLIM = "docker.io/library/debian:trixie-slim"
REMEDY = "help: run `image-matrix lock`, then `image-matrix render`, and commit what they change"


@pytest.fixture(scope="module")
def first_lock() -> list[str]:
    """The lock that `locked` writes for the first test, which is the one of every test."""
    return []


@pytest.fixture
def locked(repository: Repository, first_lock: list[str], capsys: pytest.CaptureFixture[str]) -> Repository:
    """A repository of which everything is locked and rendered."""
    repository.site.source("library/debian:bookworm-slim", "bookworm")
    repository.site.source("library/debian:trixie", "not slim")
    for arch in ("amd64", "arm64"):
        repository.site.file(f"tool-1.1-{arch}", f"the next tool for {arch}")
    if first_lock:
        (repository.folder / texts.FILE).write_text(first_lock[0], encoding="utf-8")
    else:
        assert repository.run("lock") == 0
        first_lock.append(repository.lock)
    assert repository.run("render") == 0
    capsys.readouterr()
    return repository


def rendered(repository: Repository) -> dict[Path, bytes]:
    folder = repository.folder / "images"
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(repository: Repository, capsys: pytest.CaptureFixture[str]) -> str:
    """What `render` and `check` say, which change nothing."""
    before = rendered(repository)
    said = []
    for command in ("render", "check"):
        capsys.readouterr()
        assert repository.run(command) == 2
        said.append(capsys.readouterr().err)
    assert said[0] == said[1]
    assert rendered(repository) == before
    return said[0]


def obey(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    """Do what the help says; nothing floats then."""
    assert repository.run("lock") == 0
    assert repository.run("render") == 0
    capsys.readouterr()
    assert repository.run("check", "--locked") == 0
    assert "not locked" not in capsys.readouterr().err


MOVES = {
    "a version": (
        ("- alpha==1.0", "- alpha==2.0"),
        (
            "matrix.yaml:16:9: error[IM606]: `alpha==2.0` is not in the lock, which has alpha 1.0",
            "science:python3.13, science:python3.11, leaf:python3.13 and 1 more would float",
        ),
    ),
    "a package that is added": (
        ("- gamma\n", "- gamma\n      - epsilon\n"),
        ("matrix.yaml:18:9: error[IM606]: `epsilon` is not in the lock", "science:python3.13"),
    ),
    "a package that is taken away": (
        ("pip: [beta==1.0]", "pip: []"),
        ("matrix.yaml:27:10: error[IM606]: the lock has Python packages of `lab`, which lists none; ",),
    ),
    "one of two packages that is taken away": (
        ("      - gamma\n", ""),
        ("matrix.yaml:27:3: error[IM606]: the lock was made for other Python packages of `science`",),
    ),
    "an index": (
        ("    from: lab\n", "    from: lab\n    pip: {extra_index_urls: ['https://wheels.invalid/cpu']}\n"),
        (
            "matrix.yaml:30:29: error[IM606]: the lock has Python packages from the default index, not https://wheels.invalid/cpu",
        ),
    ),
    "a parent": (
        ("  leaf:\n    from: science\n", "  leaf:\n    from: lab\n"),
        ("matrix.yaml:32:11: error[IM606]: the lock has Python packages of `leaf` on top of `science`",),
    ),
    "a distribution": (
        ("debian:trixie-slim", "debian:bookworm-slim"),
        (
            f"error[IM606]: the lock has {SLIM}, not docker.io/library/debian:bookworm-slim",
            "matrix.yaml:7:11: error[IM606]: the lock has Python packages for another distribution than",
        ),
    ),
    "a tag": (
        ("debian:trixie-slim", "debian:trixie"),
        (f"matrix.yaml:7:11: error[IM606]: the lock has {SLIM}, not docker.io/library/debian:trixie\n",),
    ),
    "a download": (
        ('version: "1.0"', 'version: "1.1"'),
        (
            "matrix.yaml:10:14: error[IM606]: the lock has https://files.invalid/tool-1.0-amd64, not https://files.invalid/tool-1.1-amd64",
        ),
    ),
    "a name": (
        ("  other:\n", "  another:\n"),
        (
            "matrix.yaml:34:3: error[IM606]: the lock has the Python packages of `another` as those of `other`",
        ),
    ),
    "the name of a parent": (
        ("  science:\n    from: lab", "  sciences:\n    from: lab"),
        (
            "matrix.yaml:28:3: error[IM606]: the lock has the Python packages of `sciences` as those of `science`",
        ),
    ),
    "a value of an axis": (
        ('python: ["3.13", "3.11"]', 'python: ["3.13", "3.12"]'),
        ("matrix.yaml:5:20: error[IM606]: the lock has nothing for python 3.12, but for python3.11",),
    ),
    "an axis": (
        ("    axes: [python]\n", "    axes: {python: ['3.13', '3.11'], size: [small]}\n"),
        ("error[IM606]: the lock has nothing for size small, but for python3.11, python3.13",),
    ),
}


@pytest.mark.parametrize("case", MOVES)
def test_what_moved_is_said_at_its_line_and_locked_again(
    case: str, locked: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (old, new), expected = MOVES[case]
    if case == "an index":
        locked.site.package("alpha", "1.0+cpu", tags="both", index="cpu")
    if case == "the name of a parent":
        locked.change("  leaf:\n    from: science\n", "  leaf:\n    from: sciences\n")
    locked.change(old, new)
    said = refused(locked, capsys)
    for text in expected:
        assert text in said
    assert REMEDY in said
    obey(locked, capsys)


def test_a_platform_that_is_added(locked: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    locked.change("[linux/amd64, linux/arm64]", "[linux/amd64]")
    obey(locked, capsys)
    locked.change("[linux/amd64]", "[linux/amd64, linux/arm64]")
    said = refused(locked, capsys)
    assert (
        "matrix.yaml:3:32: error[IM606]: the lock has Python packages for amd64, not for amd64, arm64" in said
    )
    obey(locked, capsys)


def test_fewer_platforms_leave_everything_locked(locked: Repository) -> None:
    before = texts.read(locked.lock)
    locked.change("[linux/amd64, linux/arm64]", "[linux/arm64]")
    assert locked.run("render") == 0
    assert locked.run("check", "--locked") == 0
    assert not list(locked.folder.rglob("amd64.txt"))
    (locked.site.folder / "simple").rename(locked.site.folder / "gone")
    assert locked.run("lock") == 0  # what is locked answers it
    after = texts.read(locked.lock)
    assert (
        after.python["leaf:python3.13"].packages["arm64"]
        == before.python["leaf:python3.13"].packages["arm64"]
    )
    assert "amd64" not in locked.lock.partition("python:")[2].partition("files:")[0]


def test_an_extension_moved(locked: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    locked.site.extension("team.tool", "1.0.0")
    locked.site.extension("team.tool", "1.1.0")
    locked.change(
        "    downloads: [tool]\n", "    downloads: [tool, code-server]\n    extensions: [team.tool@1.0.0]\n"
    )
    locked.change(
        "  tool:\n",
        '  code-server: {version: "1", url: "https://files.invalid/tool-1.1-amd64", to: /opt/c}\n  tool:\n',
    )
    obey(locked, capsys)
    assert locked.run("lock", "--upgrade", "team.tool") == 0
    locked.change("team.tool@1.0.0", "team.tool@1.1.0")
    said = refused(locked, capsys)
    assert "error[IM606]: the lock has team.tool@1.0.0, not team.tool@1.1.0" in said
    assert "    extensions: [team.tool@1.1.0]\n     |                  ^^^^^^^^^^^^^^^" in said
    obey(locked, capsys)


def test_what_is_new_still_renders_with_a_note_and_stops_runs(
    locked: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (locked.folder / "matrix.yaml").read_text()
    (locked.folder / "matrix.yaml").write_text(
        text.replace("  other:\n", "  fresh: {from: leaf, pip: [epsilon]}\n  other:\n").replace(
            "sources:\n", "sources:\n  bookworm: docker.io/library/debian:bookworm-slim\n"
        )
    )
    locked.change("  other:\n", "  second: {from: bookworm}\n  other:\n")
    assert locked.run("render") == 0
    said = capsys.readouterr().err
    assert "note: not locked: source bookworm, Python packages of fresh:python3.13" in said
    assert locked.run("check") == 0
    assert "note: not locked" in capsys.readouterr().err
    monkeypatch.setenv("IMAGE_MATRIX_LOCKED", "true")  # as a run of the workflow does
    assert locked.run("check") == 1
    assert "error[IM605]: source bookworm: not locked" in capsys.readouterr().err
    obey(locked, capsys)
    assert locked.run("check") == 0
    for path in locked.folder.glob("images/leaf/*/requirements/*"):
        assert "--hash" in path.read_text()


def test_what_could_never_be_locked_renders_when_others_go(
    locked: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    locked.change(
        "  other:\n",
        "  never: {from: base, pip: {packages: [eta], extra_index_urls: ['http://127.0.0.1:9/x']}}\n  other:\n",
    )
    assert locked.run("lock") == 3
    locked.change("  leaf:\n    from: science\n    pip: [delta]\n", "")
    assert locked.run("render") == 0
    assert "not locked: Python packages of never:python3.13" in capsys.readouterr().err


def test_a_lock_that_cannot_follow_keeps_refusing(
    locked: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (locked.folder / texts.FILE).unlink()
    assert locked.run("lock") == 0  # so that uv has read the index once
    locked.change("- alpha==1.0", "- alpha==2.0")
    (locked.site.folder / "simple").rename(locked.site.folder / "gone")
    assert locked.run("lock") == 3
    assert "IM606" in refused(locked, capsys)
    (locked.site.folder / "gone").rename(locked.site.folder / "simple")
    obey(locked, capsys)


def test_hashes_that_a_merge_lost(locked: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    start = locked.lock.index("  delta==1.0:\n")
    end = locked.lock.index("  epsilon", start)
    (locked.folder / texts.FILE).write_text(locked.lock[:start] + locked.lock[end:])
    said = refused(locked, capsys)
    assert "error[IM606]: the lock has no hashes for the Python packages of `leaf`" in said
    obey(locked, capsys)


def test_an_overlay_may_move_what_the_matrix_has_locked(
    locked: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lock is the matrix' own, and so are the files that are committed; what a site builds else, it is told."""
    site = locked.folder / "site.yaml"
    site.write_text(
        "sources: {trixie: docker.io/library/debian:trixie}\n"
        "bundles: {science: {pip: [alpha==2.0]}}\ndownloads: {tool: {version: '1.1'}}\n"
    )
    overlay = ("--overlay", str(site))
    assert locked.run(*overlay, "check", "--no-diff") == 1  # other outputs, and no error
    said = capsys.readouterr().err
    assert "note: not locked: source trixie" in said
    assert "IM60" not in said
    locked.change("pip: [delta]", "pip: [delta, eta==1.0]")
    assert locked.run(*overlay, "check") == 2
    assert "`eta==1.0`" not in capsys.readouterr().err.partition("error[IM606]")[0]
    assert locked.run("lock") == 0
    assert locked.run(*overlay, "check", "--no-diff") == 1


def test_every_command_that_renders_refuses(locked: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    locked.change("- alpha==1.0", "- alpha==2.0")
    for command in (["plan"], ["why", "leaf:python3.13"], ["build", "--print"], ["check", "--locked"]):
        assert locked.run(*command) == 2, command
        assert "IM606" in capsys.readouterr().err
    for command in (["list"], ["graph"]):
        assert locked.run(*command) == 0
    capsys.readouterr()
    assert locked.run("check", "--format", "json") == 2
    assert '"code": "IM606"' in capsys.readouterr().out


def test_what_is_replaced_by_another_address_is_the_entry_with_the_most_similar_name() -> None:
    unused = ["https://files.invalid/kubectl-1.0", "https://old.invalid/code-server-4.1.tar.gz"]
    floating = {
        "https://new.invalid/code-server-4.2.tar.gz": ("downloads", "code-server", "version"),
        "https://new.invalid/kubectl-1.1": ("downloads", "kubectl", "version"),
        "https://new.invalid/helm-3.0": ("downloads", "helm", "version"),
    }
    findings = _replaced(floating, unused, lambda _one, _other: False)
    assert {one.path[1]: one.fields["problem"] for one in findings} == {
        "code-server": "the lock has https://old.invalid/code-server-4.1.tar.gz, "
        "not https://new.invalid/code-server-4.2.tar.gz",
        "kubectl": "the lock has https://files.invalid/kubectl-1.0, not https://new.invalid/kubectl-1.1",
    }
