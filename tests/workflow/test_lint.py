"""What linters of workflows say of ours: nothing, on every shape of matrix, with no finding ignored."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import yaml_files
from tests.workflow.matrices import HOME, SHAPES, rendered, times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.output_tree.files import File

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
OWN = HOME / ".github" / "workflows"
ALL = {**SHAPES, "reference x 2": times(2)}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The schema of workflows that check-jsonschema brings, with an expression allowed as `concurrency.queue`.

    GitHub evaluates one there, and has to: `max` beside a `cancel-in-progress` that turns out true is an error.
    """
    builtin = resources("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    said = json.loads(builtin.read_text())
    properties = said["definitions"]["concurrency"]["properties"]
    assert "$ref" not in str(properties["queue"]), "the schema knows it: use the builtin one as it is"
    properties["queue"] = {"anyOf": [properties["queue"], {"$ref": "#/definitions/expressionSyntax"}]}
    file = tmp_path_factory.mktemp("schema") / "github-workflows.json"
    file.write_text(json.dumps(said))
    return str(file)


def write(folder: Path, files: Mapping[str, File]) -> list[str]:
    """Write a repository with the files, and beside each workflow a copy without aliases and one with tags for pins."""
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    names = []
    for path, file in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        if "/workflows/" in path:
            tagged = target.with_suffix(".tagged.yaml")
            tagged.write_text(re.sub(r"@[0-9a-f]{40} # (v\d+)[\d.]*", r"@\1", file.content.decode()))
            names += [path, str(tagged.relative_to(folder))]
    return names


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=cwd, capture_output=True, text=True)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> list[Repository]:
    """A repository for each shape, in a folder with its name, so that messages of linters name the shape."""
    top = tmp_path_factory.mktemp("lint")
    folders = {top / name.replace(" ", "-"): rendered(shape) for name, shape in ALL.items()}
    return [Repository(folder, write(folder, files)) for folder, files in folders.items()]


@dataclass(frozen=True, slots=True)
class Repository:
    """Workflows that were written: their names, those of copies with tags for pins among them."""

    folder: Path
    names: list[str]

    @property
    def plain(self) -> list[str]:
        return [name for name in self.names if not name.endswith(".tagged.yaml")]


def test_actionlint_with_shellcheck(repositories: list[Repository]) -> None:
    """Shellcheck reads no script twice: jobs share their steps, and it takes a second a script."""
    seen: set[str] = set()
    for repository in repositories:
        folder = repository.folder
        scripts = {script for name in repository.plain for script in scripts_of((folder / name).read_text())}
        shellcheck = BIN / "shellcheck" if scripts - seen else ""
        assert (
            run("actionlint", f"-shellcheck={shellcheck}", "-pyflakes=", *repository.plain, cwd=folder) == ""
        )
        tagged = set(repository.names) - set(repository.plain)
        assert run("actionlint", "-shellcheck=", "-pyflakes=", *sorted(tagged), cwd=folder) == ""
        seen |= scripts


def scripts_of(workflow: str) -> set[str]:
    jobs = yaml_files.load(workflow)["jobs"].values()
    return {step["run"] for job in jobs for step in job["steps"] if "run" in step}


def below(repositories: list[Repository]) -> tuple[Path, list[str]]:
    """The folder of all repositories, and the workflows in it: a linter starts once for all of them."""
    top = repositories[0].folder.parent
    return top, [f"{item.folder.name}/{name}" for item in repositories for name in item.plain]


def test_zizmor_pedantic(repositories: list[Repository]) -> None:
    options = ("--offline", "--persona=pedantic", "--no-config", "--no-progress")
    top, names = below(repositories)
    assert run("zizmor", *options, *names, *expanded(top, names), cwd=top) == ""


def expanded(folder: Path, names: list[str]) -> list[str]:
    """Write copies in which every alias is what it stands for: zizmor looks less closely at aliases.

    Comments are lost with that, and so are the reasons behind permissions; they are in the files themselves.
    """
    found = []
    for name in names:
        content = Texts((folder / name).read_text()).get_single_data()
        for job in content["jobs"].values():
            job.pop("permissions", None)
        target = Path(name).with_suffix(".expanded.yaml")
        (folder / target).write_text(yaml.dump(content, Dumper=NoAliases, sort_keys=False))
        found.append(str(target))
    return found


class Texts(yaml.SafeLoader):
    """Every scalar is a text: `on` is not true."""


Texts.yaml_implicit_resolvers = {}


class NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class' signature
        return True


def test_the_actions_that_jobs_share(repositories: list[Repository]) -> None:
    """The linter of workflows looks at their inputs only, and at no script in them."""
    top = repositories[0].folder.parent
    names = [
        str(path.relative_to(top))
        for item in repositories
        for path in item.folder.glob(".github/actions/*/*")
    ]
    assert len(names) > len(repositories)
    assert run("check-jsonschema", "--builtin-schema=vendor.github-actions", *names, cwd=top) == ""
    options = ("--offline", "--persona=pedantic", "--no-config", "--no-progress")
    assert run("zizmor", *options, *names, cwd=top) == ""
    scripts = {
        step["run"]
        for name in names
        for step in yaml_files.load((top / name).read_text())["runs"]["steps"]
        if "run" in step
    }
    for script in scripts:
        command = [str(BIN / "shellcheck"), "--shell=bash", "--severity=style", "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_schema_of_workflows(repositories: list[Repository], schema: str) -> None:
    top, names = below(repositories)
    for option in (f"--schemafile={schema}", "--builtin-schema=custom.github-workflows-require-timeout"):
        assert run("check-jsonschema", option, *names, cwd=top) == ""


def test_the_linters_find_something(tmp_path: Path, schema: str) -> None:
    """A linter that is not run as it should be would find nothing anywhere."""
    files = rendered(SHAPES["one image"])
    names = write(tmp_path, files)
    broken = tmp_path / names[0]
    text = broken.read_text()
    broken.write_text(
        text.replace("needs.plan.outputs.legs", "needs.plan.outputs.lges").replace(" # push images", "")
    )
    assert "lges" in run("actionlint", names[0], cwd=tmp_path)
    broken.write_text(re.sub(r"checkout@[0-9a-f]{40}", "checkout@v7", text))
    assert "unpinned-uses" in run("zizmor", "--offline", "--no-config", names[0], cwd=tmp_path)
    for right, wrong in (("runs-on", "run-on"), ("queue: ${{", "queue: {")):
        assert right in text
        broken.write_text(text.replace(right, wrong))
        assert run("check-jsonschema", f"--schemafile={schema}", names[0], cwd=tmp_path)


def test_hand_written_workflows_of_this_repository(tmp_path: Path, schema: str) -> None:
    from image_matrix.output_tree.files import File

    files = {f".github/workflows/{path.name}": File(path.read_bytes()) for path in OWN.glob("*.yaml")}
    assert files
    write(tmp_path, files)
    names = list(files)
    assert run("actionlint", "-pyflakes=", *names, cwd=tmp_path) == ""
    assert run("zizmor", "--offline", "--persona=pedantic", "--no-config", *names, cwd=tmp_path) == ""
    assert run("check-jsonschema", f"--schemafile={schema}", *names, cwd=tmp_path) == ""


def test_nothing_is_ignored() -> None:
    assert not list(HOME.glob(".github/zizmor*")) + list(HOME.glob("zizmor*"))
    texts = [path.read_text() for path in (HOME / "templates" / "workflows").iterdir()]
    assert not any("zizmor:" in text or "shellcheck disable" in text for text in texts)
