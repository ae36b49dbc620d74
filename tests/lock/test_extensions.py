"""``image-matrix lock`` against a gallery on this machine that answers as Open VSX does, with hand-made extensions."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from image_matrix.lock import text as texts

if TYPE_CHECKING:
    from image_matrix.lock.model import Lock
    from tests.lock.site import Repository, Site

pytestmark = pytest.mark.slow

PACK = "https://open-vsx.org/api/team/pack/1.0.0/file/team.pack-1.0.0.vsix"
NATIVE = "https://open-vsx.org/api/team/native/{0}/2.0.0/file/team.native-2.0.0@{0}.vsix"
X64, ARM64 = "linux-x64", "linux-arm64"


@pytest.fixture
def editor(repository: Repository) -> Repository:
    """A repository whose image `other` has code-server and a pack with a member, a dependency and a built-in."""
    site = repository.site
    site.file("code-server-amd64", "code-server")
    site.file("code-server-arm64", "code-server of arm64")
    site.extension(
        "team.pack",
        "1.0.0",
        extensionPack=["team.native", "team.gone"],
        extensionDependencies=["team.base", "vscode.git", "ms-vscode.js-debug"],
    )
    site.extension("team.native", "2.0.0", targets=(X64, ARM64, "win32-x64"))
    site.extension("team.base", "0.9.0")
    repository.change(
        "  tool:\n",
        "  code-server:\n"
        '    {version: "4.139.1", url: "https://files.invalid/code-server-{arch}", to: /opt/code-server/it}\n'
        "  tool:\n",
    )
    repository.change(
        "    pip: [epsilon]\n",
        "    pip: [epsilon]\n    downloads: [code-server]\n    extensions: [team.pack@1.0.0]\n",
    )
    return repository


def checksum(site: Site, address: str) -> str:
    file = site.folder / address.replace("https://open-vsx.org", "vsx")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def locked(repository: Repository, *arguments: str) -> Lock:
    assert repository.run("lock", *arguments) == 0
    return texts.read(repository.lock)


def dockerfile(repository: Repository) -> str:
    assert repository.run("render") == 0
    return (repository.folder / "images/other/python3.13/Dockerfile").read_text()


def test_a_pack_is_locked_with_its_members(editor: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    lock = locked(editor)
    said = capsys.readouterr()
    assert "extension team.pack@1.0.0 names team.gone, which the gallery does not have: left out" in said.err
    assert "extension team.native: 2.0.0 (new)" in said.out
    assert dict(lock.extensions["team.pack@1.0.0"].files) == {"all": PACK}
    assert lock.extensions["team.pack@1.0.0"].needs == ("team.base", "team.native")
    assert set(lock.extensions) == {"team.pack@1.0.0", "team.native@2.0.0", "team.base@0.9.0"}
    native = lock.extensions["team.native@2.0.0"]
    assert dict(native.files) == {"amd64": NATIVE.format(X64), "arm64": NATIVE.format(ARM64)}
    assert lock.downloads[PACK] == checksum(editor.site, PACK)
    assert editor.run("render") == 0
    assert editor.run("check", "--locked") == 0


def test_the_build_installs_what_is_locked_without_a_gallery(editor: Repository) -> None:
    lock = locked(editor)
    text = dockerfile(editor)
    assert "export EXTENSIONS_GALLERY='{}'" in text
    for address, value in lock.downloads.items():
        if "open-vsx.org" in address:
            assert text.count(f"url={address}\n") == 1
            assert text.count(f"sha256={value}\n") == 1
    assert text.count("--install-extension") == 3


def test_what_is_not_locked_may_ask_the_gallery(editor: Repository) -> None:
    text = dockerfile(editor)
    assert "EXTENSIONS_GALLERY" not in text
    assert text.count("--install-extension") == 1


def test_a_newer_member_comes_only_when_asked_for(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = locked(editor)
    editor.site.extension("team.native", "3.0.0", targets=(X64, ARM64))
    editor.site.extension("team.base", "1.0.0")
    assert locked(editor) == before
    capsys.readouterr()
    after = locked(editor, "--upgrade", "team.base")
    assert "extension team.base: 0.9.0 → 1.0.0" in capsys.readouterr().out
    assert {"team.base@1.0.0", "team.native@2.0.0"} < set(after.extensions)
    assert not [address for address in after.downloads if "0.9.0" in address]
    assert "team.native@3.0.0" in locked(editor, "--upgrade").extensions


@pytest.mark.parametrize(
    "newer",
    [
        {"engine": "^1.140.0"},
        {"beta": True},
        {"targets": (X64,)},
        {"targets": ("darwin-arm64",)},
    ],
)
def test_a_member_that_cannot_run_is_passed_over(editor: Repository, newer: dict[str, object]) -> None:
    editor.site.extension("team.base", "2.0.0", **newer)  # type: ignore[arg-type]
    assert "team.base@0.9.0" in locked(editor).extensions


def test_the_version_that_the_matrix_lists_is_the_member(editor: Repository) -> None:
    editor.site.extension("team.base", "1.0.0")
    editor.change("[team.pack@1.0.0]", "[team.pack@1.0.0, team.base@0.9.0]")
    assert set(locked(editor).extensions) == {"team.pack@1.0.0", "team.native@2.0.0", "team.base@0.9.0"}
    assert dockerfile(editor).count("--install-extension") == 3


def test_a_child_installs_what_its_parent_lacks(editor: Repository) -> None:
    editor.site.extension("team.second", "1.0.0", extensionPack=["team.base", "team.native", "team.pack"])
    editor.change("  other:\n", "  child: {from: other, extensions: [team.second@1.0.0]}\n  other:\n")
    locked(editor)
    dockerfile(editor)
    child = (editor.folder / "images/child/python3.13/Dockerfile").read_text()
    assert child.count("--install-extension") == 1


def test_packs_that_name_each_other_end(editor: Repository) -> None:
    editor.site.extension("team.one", "1.0.0", extensionPack=["team.two", "team.one"])
    editor.site.extension("team.two", "1.0.0", extensionDependencies=["team.one"])
    editor.change("[team.pack@1.0.0]", "[team.one@1.0.0]")
    assert set(locked(editor).extensions) == {"team.one@1.0.0", "team.two@1.0.0"}


def refused(editor: Repository, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert editor.run("lock") == 2
    return capsys.readouterr().err


def test_an_extension_for_a_newer_editor_is_an_error(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    editor.site.extension("team.tool", "3.0.0", engine="^1.140.0")
    editor.change("[team.pack@1.0.0]", "[team.tool@3.0.0]")
    said = refused(editor, capsys)
    assert (
        "error[IM612]: the extension `team.tool@3.0.0` needs Visual Studio Code ^1.140.0, "
        "and code-server 4.139.1 has 1.139.1" in said
    )
    assert "    extensions: [team.tool@3.0.0]\n     |                  ^^^^^^^^^^^^^^^" in said
    editor.change('"4.139.1"', '"4.140.0"')
    locked(editor)
    editor.change('"4.140.0"', '"4.139.1"')
    assert editor.run("check", "--no-diff") == 2  # the lock knows what it needs
    said = capsys.readouterr().err
    assert "error[IM612]: the extension `team.tool@3.0.0` needs" in said
    assert "name an older version of the extension, or a newer one of the download" in said
    assert "IM612" in refused(editor, capsys)


def test_check_knows_a_member_that_an_older_editor_refuses(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    editor.site.extension("team.base", "1.0.0", engine="^1.139.0")
    assert "team.base@1.0.0" in locked(editor).extensions
    editor.change('"4.139.1"', '"4.138.0"')
    capsys.readouterr()
    assert editor.run("check", "--no-diff") == 2
    said = capsys.readouterr().err
    assert (
        "the extension `team.base@1.0.0` needs Visual Studio Code ^1.139.0, and code-server 4.138.0" in said
    )
    assert "run `image-matrix lock`, which takes another release of it" in said
    assert "team.base@0.9.0" in locked(editor).extensions
    assert editor.run("render") == 0


def test_a_platform_without_a_file_is_an_error(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    editor.site.extension("team.tool", "3.0.0", targets=(X64, "darwin-arm64"))
    editor.change("[team.pack@1.0.0]", "[team.tool@3.0.0]")
    said = refused(editor, capsys)
    assert (
        "error[IM613]: the extension `team.tool@3.0.0` has no file for linux/arm64; "
        "there are files for darwin-arm64, linux-x64" in said
    )
    editor.change("pip: [epsilon]\n", "pip: [epsilon]\n    platforms: [linux/amd64]\n")
    assert "team.tool@3.0.0" in locked(editor).extensions


def test_a_pack_without_a_member_that_runs_is_not_locked(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    editor.site.extension("team.tool", "1.0.0", extensionPack=["team.late"])
    editor.site.extension("team.late", "1.0.0", engine="^1.200.0")
    editor.change("[team.pack@1.0.0]", "[team.tool@1.0.0]")
    said = refused(editor, capsys)
    assert (
        "error[IM614]: `team.tool@1.0.0` needs the extension `team.late`, and none of its releases is for "
        "linux/amd64 and linux/arm64 and code-server 4.139.1" in said
    )
    assert "IM614" in refused(editor, capsys)


def test_a_server_of_files_alone_serves_what_is_listed(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    place = editor.site.folder / "vsx/api/team"
    for page in [*place.rglob("index.html")]:
        page.unlink()
    for folder in place.glob("*/latest"):
        shutil.rmtree(folder)
    capsys.readouterr()
    assert editor.run("lock") == 3
    said = capsys.readouterr().err
    assert "it needs team.base and team.native and team.gone, and the mirror has files alone" in said
    editor.change("[team.pack@1.0.0]", "[team.base@0.9.0]")
    assert set(locked(editor).extensions) == {"team.base@0.9.0"}


def test_another_file_at_the_address_is_refused(
    editor: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = locked(editor)
    text = editor.lock.partition("extensions:\n")
    (editor.folder / texts.FILE).write_text(text[0] + "apt:" + text[2].partition("\napt:")[2])
    file = next((editor.site.folder / "vsx/api/team/base").rglob("*.vsix"))
    file.write_bytes(file.read_bytes() + b"\0")
    capsys.readouterr()
    assert editor.run("lock") == 3
    assert "run `image-matrix lock --upgrade team.base`" in capsys.readouterr().err
    after = locked(editor, "--upgrade", "team.base")
    assert after.extensions == before.extensions
    assert after.downloads != before.downloads


def test_an_upgrade_without_the_gallery_keeps_the_lock(editor: Repository) -> None:
    before = locked(editor)
    (editor.site.folder / "vsx").rename(editor.site.folder / "gone")
    assert locked(editor) == before
    assert editor.run("lock", "--upgrade", "team.pack") == 3
    assert texts.read(editor.lock) == before


@pytest.mark.parametrize("content", [b"<html>", b""])
def test_a_file_that_is_no_extension_is_refused(
    editor: Repository, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    next((editor.site.folder / "vsx/api/team/base").rglob("*.vsix")).write_bytes(content)
    assert editor.run("lock") == 3
    said = capsys.readouterr().err
    assert "not locked: extension team.base@0.9.0: the file is not an extension" in said
    assert "other:python3.13" in editor.lock  # the rest is locked


def test_a_mirror_of_downloads_serves_extensions_as_in_builds(editor: Repository) -> None:
    text = (editor.folder / "matrix.yaml").read_text()
    port = editor.site.port
    mirror = f'"extensions": "http://127.0.0.1:{port}/vsx", "downloads": {{'
    assert mirror in text
    other = f'"downloads": {{"https://open-vsx.org/api": "http://127.0.0.1:{port}/vsx/api", '
    (editor.folder / "matrix.yaml").write_text(text.replace(mirror, other))
    assert "team.native@2.0.0" in locked(editor).extensions
