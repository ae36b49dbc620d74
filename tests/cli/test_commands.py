from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_matrix import __version__
from image_matrix.build.failure import BuildFailed
from image_matrix.cli import COMMANDS, SHORT, run
from image_matrix.cli.command_words import ANSWERS, OPTIONS
from image_matrix.cli.failures import report_failure
from image_matrix.cli.graph import FORMATS
from image_matrix.config.schema import schema_text
from image_matrix.diagnostics.catalogue import RETIRED, RULES
from image_matrix.pinned.actions import actions
from image_matrix.render.lists import catalog_json

if TYPE_CHECKING:
    from .conftest import Repository

COPYING = """\
version: 1
registry: registry.example.org/team
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images:
  b: {from: debian}
  tools: {from: debian}
  unneeded: {from: debian}
  own: {from: b, context: own, contexts: {quay.io/a/x: tools}}
"""
PROGRAM = [sys.executable, "-m", "image_matrix"]


def test_list(repository: Repository) -> None:
    shown = repository("list")
    assert (shown.code, shown.err) == (0, "")
    assert [line.split()[:2] for line in shown.out.splitlines()] == [
        ["image", "variant"],
        ["base", "python3.13"],
        ["base", "python3.11"],
        ["jupyter", "python3.13"],
    ]
    rows = json.loads(repository("list", "--format", "json").out)
    assert rows[2] == {
        "variant": "jupyter:python3.13",
        "image": "jupyter",
        "label": "python3.13",
        "values": {"python": "3.13"},
        "layer": 1,
        "parent": "base:python3.13",
        "contexts": [],
        "source": None,
        "platforms": ["linux/amd64"],
        "accelerator": None,
        "contract": "notebook",
        "repository": "jupyter",
        "publish": True,
        "tags": ["python3.13", "latest"],
    }
    assert json.loads(repository("graph", "--format", "json").out) == rows


def test_the_actions_that_organizations_have_to_allow(repository: Repository) -> None:
    ran = repository("list", "--actions")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines == sorted(set(lines))
    assert {line.partition("@")[0] for line in lines} >= {"actions/checkout", "docker/login-action"}
    pinned = {f"{name}@{item.sha}" for name, item in actions().items()}
    assert set(lines) <= pinned
    assert json.loads(repository("list", "--actions", "--format", "json").out) == lines
    assert repository("list", "--actions", "base").code == 2


def test_where_a_value_comes_from(repository: Repository) -> None:
    rows = json.loads(repository("list", "--resolved", "jupyter", "--format", "json").out)
    found = {(row["setting"], str(row["value"])): row["from"] for row in rows}
    lines = repository.matrix.read_text(encoding="utf-8").splitlines()

    def line(text: str) -> int:
        return next(at for at, item in enumerate(lines, 1) if text in item)

    assert found["pip", "scipy==1.17.1"] == f"bundle full (matrix.yaml:{line('full:')})"
    assert found["description", "JupyterLab"] == f"image jupyter (matrix.yaml:{line('description:')})"
    assert found["bundles", "full"].endswith(f"(matrix.yaml:{line('bundles: [full]')})")
    assert found["platforms", "['linux/amd64']"].startswith(("parent", "default"))
    assert {row["value"] for row in rows if row["setting"] == "system_site_packages"} == {False}
    assert {row["variant"] for row in rows} == {"jupyter:python3.13"}
    assert {
        row["variant"]
        for row in json.loads(repository("list", "--resolved", "base:python3.11", "--format", "json").out)
    } == {"base:python3.11"}


@pytest.mark.slow
def test_every_image_of_the_repository_can_be_resolved(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parent.parent.parent
    assert run(["-C", str(root), "list", "--format", "json"]) == 0
    images = {row["image"] for row in json.loads(capsys.readouterr().out)}
    for image in images:
        assert run(["-C", str(root), "list", "--resolved", image]) == 0
        assert "matrix.yaml:" in capsys.readouterr().out


def test_a_list_of_some_variants(repository: Repository) -> None:
    shown = repository("list", "base:python3.11", "jupyter")
    assert [line.split()[:2] for line in shown.out.splitlines()[1:]] == [
        ["base", "python3.11"],
        ["jupyter", "python3.13"],
    ]
    rows = json.loads(repository("list", "base", "--format", "json").out)
    assert [row["variant"] for row in rows] == ["base:python3.13", "base:python3.11"]
    wrong = repository("list", "jupiter")
    assert (wrong.code, "did you mean `jupyter`?" in wrong.err) == (2, True)
    assert repository("list", "base", "--resolved", "jupyter").code == 2


def test_an_unknown_image(repository: Repository) -> None:
    shown = repository("list", "--resolved", "jupiter")
    assert (shown.code, shown.out) == (2, "")
    assert "did you mean `jupyter`?" in shown.err
    shown = repository("list", "--resolved", "jupyter:python3.1")
    assert (shown.code, shown.out) == (2, "")
    assert "did you mean `jupyter:python3.13`?" in shown.err


@pytest.mark.parametrize("format_", ["tree", "json", "mermaid", "dot", "svg"])
def test_graph(repository: Repository, format_: str) -> None:
    shown = repository("graph", "--format", format_)
    assert (shown.code, shown.err) == (0, "")
    match format_:
        case "tree":
            assert shown.out == "╙── debian\n    └─╼ base\n        └─╼ jupyter\n"
        case "json":
            assert [node["layer"] for node in json.loads(shown.out)] == [0, 0, 1]
        case "svg":
            assert ET.fromstring(shown.out).get("role") == "img"  # noqa: S314
        case _:
            assert "base" in shown.out
            assert "->" in shown.out.replace("-->", "->")


@pytest.mark.parametrize("command", [["bash", "-c", "ls"], ["python", "-V"], ["ls", "--all"]])
def test_a_command_of_a_container_stands_after_two_hyphens(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", "lab", *command]) == 2
    assert (
        "write `--` before a command of the container: `image-matrix run … -- COMMAND`"
        in capfd.readouterr().err
    )


@pytest.mark.parametrize(("command", "option"), sorted(OPTIONS))
def test_an_option_that_people_expect_is_answered_with_the_call(
    command: str, option: str, capfd: pytest.CaptureFixture[str]
) -> None:
    call = OPTIONS[command, option]
    assert run([command, option, "HEAD"]) == 2
    assert f"no such option `{option}`; write `image-matrix {call}`" in capfd.readouterr().err
    assert run([*call.split(), "--help"]) == 0


@pytest.mark.parametrize("word", sorted(ANSWERS))
def test_a_word_that_is_no_command_is_answered_with_one(word: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert word not in COMMANDS
    assert run([word, "jupyter"]) == 2
    assert f"no such command `{word}`; write `{ANSWERS[word]}`" in capfd.readouterr().err
    assert run([*ANSWERS[word].split(), "--help"]) == 0


def test_a_graph_around_an_image(capfd: pytest.CaptureFixture[str]) -> None:
    root = str(Path(__file__).parent.parent.parent)
    assert run(["-C", root, "graph", "codeserver"]) == 0
    assert capfd.readouterr().out == (
        "╙── debian-trixie, debian-bookworm\n    └─╼ base\n        └─╼ codeserver\n            └─╼ codeserver-python\n"
    )
    assert run(["-C", root, "graph", "--format", "svg", "rstudio-tidyverse:python3.13"]) == 0
    assert "codeserver" not in capfd.readouterr().out
    assert run(["-C", root, "graph", "jupiter"]) == 2
    assert "did you mean `jupyter`?" in capfd.readouterr().err


@pytest.mark.parametrize("format_", FORMATS)
def test_a_graph_around_an_image_has_what_those_above_it_copy_from(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], format_: str
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/Dockerfile").write_text(
        "FROM registry.example.org/team/b\nCOPY --from=quay.io/a/x /a /a\n"
    )
    (tmp_path / "matrix.yaml").write_text(COPYING)
    assert run(["-C", str(tmp_path), "graph", "b", "--format", format_]) == 0
    shown = capfd.readouterr().out
    assert "tools" in shown
    assert "unneeded" not in shown


@pytest.mark.parametrize("code", sorted(RULES))
def test_explain(repository: Repository, code: str) -> None:
    by_code, by_name = repository("explain", code.lower()), repository("explain", RULES[code].name)
    assert by_code == by_name == repository("explain", code.removeprefix("IM"))
    assert by_code.code == 0
    assert by_code.out.startswith(f"{code} {RULES[code].name} ")


@pytest.mark.parametrize("code", sorted(RETIRED))
def test_explain_knows_codes_that_are_gone(repository: Repository, code: str) -> None:
    shown = repository("explain", code.lower())
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"{code} is no longer reported\n")
    assert RETIRED[code].split(maxsplit=1)[0] in shown.out


def test_explain_lists_and_suggests(repository: Repository) -> None:
    assert [line.split()[0] for line in repository("explain").out.splitlines()[1:]] == sorted(RULES)
    for typed, meant in (("im2O1", "IM201"), ("unknown-kidn", "unknown-kind")):
        unknown = repository("explain", typed)
        assert unknown.code == 2
        assert "did you mean " in unknown.err
        assert f"`{meant}`" in unknown.err


def test_schema(repository: Repository) -> None:
    assert repository("schema").out == repository("schema", "matrix").out == schema_text()
    assert repository("schema", "catalog").out == catalog_json.schema_text()


def test_help_names_every_command(repository: Repository) -> None:
    shown = repository("--help")
    assert shown.code == 0
    assert all(f"\n  {name} " in shown.out for name in COMMANDS)


def test_version(repository: Repository) -> None:
    assert repository("--version").out == f"image-matrix {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rendr"], "did you mean `render`?"),
        (["frobnicate"], "no such command `frobnicate`; known: "),
        (["rollback"], "no such command `rollback`; take a release back with `git revert` on the release branch"),
        (["render", "--forse"], "--force"),
        (["graph", "--format", "png"], "png"),
        (["-C", "/nowhere", "check"], "the folder /nowhere does not exist"),
        (["--overlay", "/nowhere.yaml", "check"], "the file does not exist"),
        (["--matrix", "nowhere.yaml", "check"], "cannot read nowhere.yaml"),
        (["--overlay", "", "check"], "the name of the file is empty"),
        (["--format", "json", "list"], "after the command: `image-matrix list --format …`"),
        (["-C", "build", "--format", "json", "list"], "after the command: `image-matrix list --format …`"),
        (["-qC", "build", "--format", "json", "list"], "after the command: `image-matrix list --format …`"),
        (["--matrix=build", "--format", "json", "list"], "after the command: `image-matrix list --format …`"),
        (["--format", "build", "list"], "after the command: `image-matrix list --format …`"),
        (["--nothing", "list"], "No such option '--nothing'"),
        (["check", "--overlay", "o.yaml"], "`image-matrix --overlay FILE check …`"),
        (["check", "-C", "there"], "`image-matrix -C DIR check …`"),
        (["list", "--matrix=o.yaml"], "`image-matrix --matrix FILE list …`"),
        (["plan", "--color", "never"], "`image-matrix --color WHEN plan …`"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_2(repository: Repository, arguments: list[str], says: str) -> None:
    shown = repository(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert says in shown.err


@pytest.mark.parametrize("command", ["render", "check", "list", "graph"])
def test_a_wrong_matrix_is_2(repository: Repository, command: str) -> None:
    repository.replace("from: base", "from: bsae")
    shown = repository(command)
    assert (shown.code, shown.out) == (2, "")
    assert "matrix.yaml:18:11: error[IM201]" in shown.err
    assert "::error" not in shown.err


def test_annotations_on_github_actions(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    repository("render")
    repository.replace("apt: [git]", "apt: [nano]")
    assert "\n::error title=out of date::" in repository("check").err
    repository.replace("from: base", "from: bsae")
    assert (
        "\n::error file=matrix.yaml,line=18,col=11,endColumn=15,title=IM201 unknown-from::"
        in repository("check").err
    )


def test_a_byte_that_is_not_utf8_is_annotated(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (repository.root / "latin.yaml").write_bytes(b"version: 1\nregistry: caf\xe9\n")
    shown = repository("--matrix", "latin.yaml", "check")
    assert shown.code == 2
    assert "\n::error file=latin.yaml,line=2,col=14,endColumn=15,title=IM004 unreadable::" in shown.err


def test_warnings_do_not_stop(repository: Repository) -> None:
    repository.replace("bundles: [full]", "pip: [scipy==1.17.1]")
    shown = repository("list")
    assert shown.code == 0
    assert "warning[IM206]: bundle `full` is not used" in shown.err
    assert repository("-q", "list").err == ""
    assert repository("list", "-q").err == ""
    assert repository("profiles", "-q", "show").err == repository("profiles", "show", "--quiet").err == ""
    assert repository("list", "-q", "-v").err == repository("list").err != ""


def program(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent.parent.parent / "generator"),
        **variables,
    }
    return subprocess.run(
        [*PROGRAM, "-C", str(root), *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_colour_follows_the_user(repository: Repository) -> None:
    repository.replace("from: base", "from: bsae")
    root = repository.root
    assert "\x1b[" not in program(root, "check").stderr
    assert "\x1b[" in program(root, "--color", "always", "check").stderr
    assert "\x1b[" in program(root, "check", FORCE_COLOR="1").stderr
    assert "\x1b[" not in program(root, "check", FORCE_COLOR="", NO_COLOR="1").stderr
    assert "\x1b[" not in program(root, "--color", "never", "check", FORCE_COLOR="1").stderr


@pytest.mark.slow
def test_nobody_reads_to_the_end(repository: Repository) -> None:
    """``list | head -1`` ends quietly, also when the pipe is full."""
    many = "".join(f"  image-{at}: {{from: base}}\n" for at in range(1500))
    with repository.matrix.open("a", encoding="utf-8") as stream:
        stream.write(many)
    command = [*PROGRAM, "-C", str(repository.root), "list"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent / "generator")}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"image ")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.slow
def test_output_that_is_not_a_terminal_is_utf_8(repository: Repository) -> None:
    shown = program(
        repository.root,
        "graph",
        LC_ALL="C",
        PYTHONCOERCECLOCALE="0",
        PYTHONUTF8="0",
        PYTHONIOENCODING="utf-8",
    )
    assert shown.returncode == 0
    assert "└─╼ base" in shown.stdout
    ascii_only = program(repository.root, "graph", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (ascii_only.returncode, "Traceback" in ascii_only.stderr, "bug" in ascii_only.stderr) == (
        0,
        False,
        False,
    )


def test_our_own_mistake_is_a_report_and_no_traceback(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from image_matrix.project import render as outputs

    def broken(*_: object) -> None:
        raise AssertionError("of ours")

    monkeypatch.setattr(outputs, "render_all", broken)
    shown = repository("check")
    assert shown.code == 3
    assert "this is a bug in image-matrix" in shown.err
    log = Path(shown.err.split("please report it with ")[1].strip())
    assert "Traceback" in log.read_text(encoding="utf-8")
    log.unlink()
    monkeypatch.setattr(tempfile, "tempdir", "/dev/full")
    shown = repository("check")
    assert shown.code == 3
    assert "please report it; the traceback cannot be kept: not a directory\n" in shown.err


def test_imports_wait_for_the_command() -> None:
    script = "import sys; from image_matrix.cli import run; run(['--version']); print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    for heavy in ("jinja2", "networkx", "jsonschema", "yaml", "ruamel", "subprocess", "requests"):
        assert f"'{heavy}'" not in shown


@pytest.mark.slow
@pytest.mark.parametrize("command", ["list", "render", "check", "plan"])
def test_what_asks_no_registry_loads_nothing_for_it(repository: Repository, command: str) -> None:
    script = (
        "import sys; from image_matrix.cli import run; run(sys.argv[1:]);"
        "print(sorted({'docker', 'requests', 'urllib3'} & sys.modules.keys()))"
    )
    call = [sys.executable, "-c", script, "-C", str(repository.root), command]
    shown = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"


def test_a_failed_step_is_annotated_beside_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert report_failure(BuildFailed("no", "see, there", ("images/a/b/Dockerfile", 7))) == 1
    said = capsys.readouterr().err
    assert "::error file=images/a/b/Dockerfile,line=7,title=image-matrix::no; see, there\n" in said


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (IsADirectoryError(21, "Is a directory", "a/.tmp", None, "a/b"), "a/b: is a directory", "move it away"),
        (PermissionError(13, "Permission denied", "a"), "a: permission denied", "check its permissions"),
        (OSError(28, "No space left on device", "a"), "a: no space left on device", "free some space on this disk"),
        (OSError("odd"), "odd", "check permissions and free space"),
    ],
)  # fmt: skip
def test_what_the_system_refuses(
    error: OSError, said: str, remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_failure(error) == 3
    shown = capsys.readouterr().err
    assert f"error: {said}\n" in shown
    assert remedy in shown


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_only_short_commands_run_without_the_garbage_collector(command: str) -> None:
    gc.disable()
    try:
        run([command, "--help"])
        assert gc.isenabled() == (command not in SHORT)
    finally:
        gc.enable()


def test_short_commands_are_commands() -> None:
    assert set(COMMANDS) >= SHORT


@pytest.mark.parametrize("command", [("list",), ("profiles", "show")])
def test_tables_fit_the_terminal(
    repository: Repository, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "an-image-with-a-name-that-is-longer-than-half-of-a-line"
    with (repository.root / "matrix.yaml").open("a") as file:
        file.write(f"  {name}: {{from: jupyter, pip: [jupyterhub==5.5.0]}}\n")
        file.write(f"profiles: {{a: {{display_name: A, images: [{name}]}}}}\n")
    assert max(map(len, repository(*command).out.splitlines())) > 80
    monkeypatch.setattr("image_matrix.cli.terminal.terminal_width", lambda _stream=None: 80)
    assert max(map(len, repository(*command).out.splitlines())) <= 80
