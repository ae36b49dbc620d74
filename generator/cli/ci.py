"""``ci``: what only a run of GitHub Actions does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.session import Project, Session, open_project, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.ci.event import Event
    from generator.ci.github import Api
    from generator.ci.plan import Run
    from generator.plan import Plan, State

FREED = (
    "/opt/ghc",
    "/opt/hostedtoolcache/CodeQL",
    "/usr/local/.ghcup",
    "/usr/local/lib/android",
    "/usr/local/share/boost",
    "/usr/local/share/powershell",
    "/usr/share/dotnet",
    "/usr/share/miniconda",
    "/usr/share/swift",
)
"""Folders of GitHub's runner images that no job of ours needs; github.com/actions/runner-images."""


@click.group()
def ci() -> None:
    """Steps of a GitHub Actions run."""


@ci.command("plan")
@click.option(
    "--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Look below the staging path too."
)
@click.option("--comment", "comment_file", metavar="FILE", help="Write the pull request's comment here.")
@click.pass_obj
def ci_plan(session: Session, staging: bool, comment_file: str | None) -> int:
    """Plan the run that GITHUB_EVENT_PATH started: outputs for its jobs, the summary, the comment."""
    from generator.ci.plan import comment, failure_comment, outputs
    from generator.diagnostics import MatrixError
    from generator.diagnostics.report import terminal
    from generator.matrix.build import staging_of

    event = _event()
    try:
        run, state, report = _run(session, event, staging=staging)
    except MatrixError as error:
        _tell(failure_comment(terminal(error.diagnostics)), comment_file)
        raise
    matrix = state.loaded.matrix
    place = staging_of(matrix.registry, matrix.build)
    text = comment(report, event, run, default_branch=matrix.build.default_branch, staging=place)
    _tell(text, comment_file)
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in outputs(run).items()))
    click.echo(report)
    return 0


def _event() -> Event:
    from generator.ci.event import read_event

    path = os.environ.get("GITHUB_EVENT_PATH")
    payload = json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}
    return read_event(os.environ.get("GITHUB_EVENT_NAME", ""), payload)


def _run(session: Session, event: Event, *, staging: bool) -> tuple[Run, State, str]:
    """Return what the run has to do, and the report of it."""
    from generator.ci.plan import Run, fork_variants, restricted
    from generator.cli.plan import planned, state_of
    from generator.render.images_page import image_parents
    from generator.render.plan_report import markdown
    from generator.selection import select

    project = open_project(session)
    state = state_of(project)
    variants = state.loaded.variants
    base = _known_commit(session, event.base)
    if event.fork:
        made = planned(session, state, base, registry=False)
        native = next(p for p in state.loaded.matrix.build.runners if state.loaded.matrix.build.runner("", p))
        run = Run(made, fork=fork_variants(made, native))
    else:
        whole = planned(session, state, base, registry=True, staging=staging)
        names = select(variants, event.names) if event.names else ()
        made = restricted(whole, variants, names, force=event.force)
        run = Run(made, unscanned=_unscanned(session, state, made, staging=staging), force=event.force)
    report = markdown(made, image_parents(variants))
    return run, state, "\n".join((report, _profiles(session, state, made, base), _floating(project)))


def _profiles(session: Session, state: State, made: Plan, base: str | None) -> str:
    """Return what users will notice, compared with the base."""
    from generator.ci.profiles import profile_changes
    from generator.cli.plan import state_at

    old = state_at(session, base) if base else None
    rebuilt = {entry.variant for entry in made.build if old is None or entry.reasons or entry.cause}
    return profile_changes(state.loaded, old.loaded if old else None, rebuilt)


def _floating(project: Project) -> str:
    """Return what the lock says nothing about, in a sentence for whoever changed the matrix."""
    from generator.lock.read import unlocked

    found = [item.what for item in unlocked(project.loaded, project.pins)]
    if not found:
        return ""
    shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return (
        f"Not in the lock, so another build may get other versions: {shown}. `image-matrix lock` pins them.\n"
    )


def _known_commit(session: Session, commit: str | None) -> str | None:
    """Return a commit where the checkout has it; a force push can take the old one away."""
    from generator.ci.git import actions_git

    if commit is None:
        return None
    if actions_git(session.root).try_("cat-file", "-e", f"{commit}^{{commit}}").returncode:
        say(session, f"the commit {commit[:12]} is gone: reasons compare with nothing")
        return None
    return commit


def _unscanned(session: Session, state: State, made: Plan, *, staging: bool) -> tuple[Any, ...]:
    """Return what has to be scanned: on the default branch what is not released, elsewhere what is not there."""
    from generator.cli.session import ca_bundle
    from generator.plan import references
    from generator.presence import ask
    from generator.registry.client import open_registry

    matrix = state.loaded.matrix
    if matrix.build.scan.tool == "none":
        return ()
    names: Mapping[tuple[str, str], str] = references(state)
    if not staging:
        names = {leg: index_reference(state, leg[0]) for leg in names}
    registry = open_registry(matrix, ca_bundle(session, state.loaded))
    there = ask(names.values(), registry, lambda text: say(session, text, level=1))
    return tuple(
        entry
        for entry in made.entries
        if entry.build or there[names[entry.variant, entry.platform]] != "present"
    )


def index_reference(state: State, variant: str) -> str:
    """Return the full reference of a variant's immutable index."""
    item = state.loaded.variants[variant]
    return f"{state.loaded.matrix.registry}/{item.image}:{state.keys[variant].tag}"


def _tell(text: str, file: str | None) -> None:
    _append("GITHUB_STEP_SUMMARY", text)
    if file:
        Path(file).write_text(text, encoding="utf-8")


def _append(variable: str, text: str) -> None:
    """Append to a file that GitHub names in the environment; on a laptop there is none."""
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


@ci.command("comment")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def ci_comment(session: Session, file: str) -> int:
    """Keep the one comment of the pull request up to date."""
    from generator.ci.github import Refused, keep_comment
    from generator.ci.plan import MARKER

    event = _event()
    if event.pull_request is None or not Path(file).is_file():
        say(session, "there is nothing to comment")
        return 0
    body = Path(file).read_text(encoding="utf-8")
    try:
        say(session, keep_comment(_api(), event.pull_request, body, MARKER))
    except Refused as refused:
        if not event.fork:
            raise
        say(session, f"no comment, the run's summary has the plan: {refused.message}")
    return 0


def _api() -> Api:
    from generator.ci.github import open_api

    url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    return open_api(url, _needed("GITHUB_REPOSITORY"), _needed("GITHUB_TOKEN"))


def _needed(variable: str) -> str:
    from generator.errors import CallError

    value = os.environ.get(variable)
    if not value:
        raise CallError(f"{variable} is not set", "this command is a step of the generated workflow")
    return value


@ci.command("commit")
@click.option("--branch", required=True)
@click.option("--message", required=True)
@click.pass_obj
def ci_commit(session: Session, branch: str, message: str) -> int:
    """Commit what the working tree changes, and push it to BRANCH."""
    from generator.ci.git import actions_git, commit_changes

    commit = commit_changes(actions_git(session.root), branch, message)
    say(session, f"{commit[:12]} on {branch}" if commit else "nothing changed")
    return 0


@ci.command("propose")
@click.option("--branch", required=True)
@click.option("--title", required=True)
@click.pass_obj
def ci_propose(session: Session, branch: str, title: str) -> int:
    """Push what the working tree changes to BRANCH and keep one pull request open for it."""
    from generator.ci.git import actions_git, commit_changes
    from generator.ci.github import keep_pull_request

    base = open_project(session).loaded.matrix.build.default_branch
    git = actions_git(session.root)
    if commit_changes(git, branch, title, "--force") is None:
        say(session, "nothing changed")
        return 0
    body = git("diff", "--cached", "--stat", "HEAD")
    owner = _needed("GITHUB_REPOSITORY").partition("/")[0]
    text = f"Refreshed by `image-matrix`; the plan is in the comment below.\n\n```\n{body[:20_000]}\n```\n"
    say(session, keep_pull_request(_api(), owner, branch, base, title, text))
    return 0


@ci.command("signer")
@click.pass_obj
def ci_signer(session: Session) -> int:
    """Install notation and its plugin, both pinned, for the steps that follow."""
    import subprocess

    from generator.actions import plugin, tool
    from generator.cli.session import ca_bundle
    from generator.errors import EnvironmentFailure
    from generator.mirrors import mirrored
    from generator.registry.http import network
    from generator.tools import install, native_arch

    loaded = open_project(session).loaded
    mirrors, world = loaded.matrix.mirrors.downloads, network(ca_bundle(session, loaded))
    folder = Path(_needed("RUNNER_TEMP")) / "image-matrix"
    pinned = tool("notation", native_arch())
    program = install(pinned, folder, lambda url: world.stream(mirrored(url, mirrors)))
    _append("GITHUB_PATH", f"{folder}\n")
    found = plugin(loaded.matrix.build.sign.plugin or "", native_arch())
    if found is None:
        say(session, "the plugin is not one that is pinned here: it has to be on the runner already")
        return 0
    url, checksum = found
    words = ["plugin", "install", "--url", mirrored(url, mirrors), "--sha256sum", checksum]
    if subprocess.run([str(program), *words], check=False).returncode:
        raise EnvironmentFailure("the plugin of notation could not be installed", "its own words are above")
    return 0


@ci.command("free-disk")
@click.pass_obj
def ci_free_disk(session: Session) -> int:
    """Remove what GitHub's runners come with and no job of ours needs."""
    import shutil
    import subprocess

    if os.environ.get("RUNNER_ENVIRONMENT") != "github-hosted":
        say(session, "not GitHub's own runner: nothing is removed")
        return 0
    before = shutil.disk_usage("/").free
    subprocess.run(["sudo", "rm", "-rf", "--", *FREED], check=False)
    say(session, f"{(shutil.disk_usage('/').free - before) / 1e9:.1f} GB freed")
    return 0
