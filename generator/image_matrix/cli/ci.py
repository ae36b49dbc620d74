"""``ci``: steps of the generated workflow on GitHub Actions."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked, open_project
from image_matrix.cli.run_api import required_variable, run_api
from image_matrix.errors import naming
from image_matrix.github.files import OUTPUT, PATH, SUMMARY, append

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.session import Session
    from image_matrix.github.event import Event
    from image_matrix.planning.registry_locations import Places
    from image_matrix.render.workflow_layers import LegId

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
"""Folders of GitHub's runner images that the workflow's jobs do not need; github.com/actions/runner-images."""

START = click.option("--start", metavar="WORKFLOW", help="Start WORKFLOW on the branch: its checks.")
UNREACHABLE_CODE = 3
"""Exit code of `lock` if everything is locked that can be reached."""


@click.group()
def ci() -> None:
    """Steps of a GitHub Actions run."""


@ci.command("plan")
@click.option(
    "--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Look below the staging path too."
)
@click.option("--comment", "comment_file", metavar="FILE", help="Write the pull request's comment to FILE.")
@click.pass_obj
def ci_plan(session: Session, staging: bool, comment_file: str | None) -> int:
    """Plan the run that GITHUB_EVENT_PATH started.

    Writes the outputs for its jobs, the summary and the comment.
    """
    from image_matrix.cli.ci_plan import locks_for_the_author, plan_run
    from image_matrix.diagnostics import MatrixError
    from image_matrix.diagnostics.report import terminal
    from image_matrix.errors import Failure
    from image_matrix.github.comment import failure_comment, moved_comment
    from image_matrix.github.run_plan import commit_outputs, outputs

    event = _event()
    try:
        planned = plan_run(session, event, staging=staging)
    except MatrixError as error:
        locks = locks_for_the_author(session, event, error)
        output = terminal(error.diagnostics)
        text = (
            moved_comment(output)
            if locks
            else failure_comment("matrix.yaml cannot be used as it is.", output)
        )
        _write_summary(text, comment_file)
        _write_outputs(commit_outputs(locks=locks, renders=locks))
        raise
    except Failure as error:
        message = f"error: {error.message}\n" + (f"  help: {error.help}\n" if error.help else "")
        _write_summary(failure_comment("The plan failed.", message), comment_file)
        raise
    _write_summary(planned.comment, comment_file)
    values = {**outputs(planned.run), **planned.by_mode, "base": planned.base}
    _write_outputs(values)
    click.echo(planned.table, nl=False)
    return 0


def _event() -> Event:
    from image_matrix.github.event import read_event

    path = os.environ.get("GITHUB_EVENT_PATH")
    payload = json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}
    return read_event(os.environ.get("GITHUB_EVENT_NAME", ""), payload)


def _write_outputs(values: Mapping[str, str]) -> None:
    append(OUTPUT, "".join(f"{name}={value}\n" for name, value in values.items()))


def _write_summary(text: str, file: str | None) -> None:
    append(SUMMARY, text)
    if file:
        with naming(Path(file)):
            Path(file).write_text(text, encoding="utf-8")


@ci.command("layer")
@click.option(
    "--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Look below the staging path too."
)
@click.option("--legs", envvar="LEGS", default="", help="What the layer is to build: VARIANT@PLATFORM …")
@click.option("--scans", envvar="SCANS", default="", help="What the layer before it has to have scanned.")
@click.pass_obj
def ci_layer(session: Session, staging: bool, legs: str, scans: str) -> int:
    """Leave out the variants of a layer whose parents were not built.

    Writes the entries of its jobs as outputs, and those of the scans of the layer before it.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.planning.registry_locations import places
    from image_matrix.render.workflow_layers import build_chunks, compact, legs_of, scan_chunks

    state = state_of(open_locked(session))
    locations = places(state, staging=staging)
    matrix, variants = state.loaded.matrix, state.loaded.variants
    asked = legs_of(legs)
    parents = {leg: [(name, leg[1]) for name in variants[leg[0]].parents] for leg in asked}
    scanned = legs_of(scans)
    absent = _absent(session, locations, {*scanned, *(one for leg in asked for one in parents[leg])})
    ready = [leg for leg in asked if not absent.intersection(parents[leg])]
    for name, platform in (leg for leg in asked if leg not in ready):
        say(session, f"{name} {platform}: left out, since a parent was not built")
    outputs = {
        "legs": compact(build_chunks(matrix, variants, ready)),
        "scans": compact(scan_chunks(matrix, variants, [leg for leg in scanned if leg not in absent])),
    }
    _write_outputs(outputs)
    say(session, f"{len(ready)} of {len(asked)} to build")
    return 0


def _absent(session: Session, locations: Places, legs: set[LegId]) -> set[LegId]:
    """Return the legs that the registry does not have; one that it refuses to answer about may be there."""
    from image_matrix.cli.site_files import registry_of
    from image_matrix.planning.registry_locations import existing_images, refused

    registry = registry_of(session, locations.main.loaded)
    known = existing_images(locations.order, legs, registry, lambda text: say(session, text))
    unknown = refused(locations.order, [leg for leg in legs if leg not in known], registry)
    return {leg for leg in legs if leg not in known and leg not in unknown}


@ci.command("ready")
@click.argument("step", type=click.Choice(["build", "scan"]))
@click.argument("variant")
@click.option("--platform", required=True)
@click.option(
    "--staging", is_flag=True, envvar="IMAGE_MATRIX_STAGING", help="Look below the staging path too."
)
@click.pass_obj
def ci_ready(session: Session, step: str, variant: str, platform: str, staging: bool) -> int:
    """Check that the images are there that a leg needs: the parents of a build, or what a scan is to scan.

    Writes the output `blocked`, and a notice, if one is missing. The leg then ends without a failure of its own.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.config.variant_selectors import select
    from image_matrix.planning.registry_locations import places

    state = state_of(open_locked(session))
    variants = state.loaded.variants
    names = select(variants, (variant,))
    needed = names if step == "scan" else [parent for name in names for parent in variants[name].parents]
    absent = _absent(session, places(state, staging=staging), {(name, platform) for name in needed})
    append(OUTPUT, f"blocked={str(bool(absent)).lower()}\n")
    for name in sorted(name for name, _ in absent):
        click.echo(
            f"::notice title=Blocked::{variant} ({platform}) waits for {name}, which was not built or failed"
        )
    return 0


@ci.command("comment")
@click.argument("file", type=click.Path(dir_okay=False))
@click.pass_obj
def ci_comment(session: Session, file: str) -> int:
    """Create or update the comment of the pull request."""
    from image_matrix.github.api import PermissionDenied, upsert_comment
    from image_matrix.github.branch_commit import AUTHOR
    from image_matrix.github.comment import MARKER

    event = _event()
    number = event.pull_request or (_pull_request_from(event.branch) if event.branch else None)
    if number is None or not Path(file).is_file():
        say(session, "no pull request to comment on")
        return 0
    body = Path(file).read_text(encoding="utf-8")
    try:
        say(session, upsert_comment(run_api(), number, body, MARKER, AUTHOR))
    except PermissionDenied as refused:
        if not event.fork:
            raise
        say(session, f"cannot comment; the plan is in the run's summary: {refused.message}")
    return 0


def _pull_request_from(branch: str) -> int | None:
    """Return the number of the open pull request from a branch of the repository, if there is one."""
    from image_matrix.github.api import open_pull_requests

    opened = open_pull_requests(run_api(), _owner(), branch)
    return opened[0]["number"] if opened else None


def _owner() -> str:
    return required_variable("GITHUB_REPOSITORY").partition("/")[0]


@ci.command("outcome")
@click.pass_obj
def ci_outcome(session: Session) -> int:
    """Say what came of the run, in its summary and in the comment of the pull request."""
    from image_matrix.github.api import amend_comment
    from image_matrix.github.branch_commit import AUTHOR
    from image_matrix.github.comment import MARKER
    from image_matrix.github.outcome import OUTCOME, jobs_of_run, legs_of, outcome

    api, event = run_api(), _event()
    variants = open_project(session).loaded.variants
    legs = legs_of(jobs_of_run(api, required_variable("GITHUB_RUN_ID")))
    text = outcome(legs, {name: item.parents for name, item in variants.items()})
    append(SUMMARY, text)
    number = event.pull_request or (_pull_request_from(event.branch) if event.branch else None)
    if text and number is not None and not event.fork:
        address = amend_comment(api, number, text, OUTCOME, MARKER, AUTHOR)
        say(session, address or "there is no comment to amend")
    return 0


@ci.command("commit")
@click.option("--branch", required=True)
@click.option("--message", required=True)
@START
@click.pass_obj
def ci_commit(session: Session, branch: str, message: str, start: str | None) -> int:
    """Commit the changes of the working tree, and push them to BRANCH.

    Without changes, it fails: the run saw them in the merge with the base, so they come from there.
    """
    from image_matrix.errors import Failure
    from image_matrix.github.branch_commit import actions_git, commit_changes

    commit = commit_changes(actions_git(session.root), branch, message)
    if commit is None:
        advice = "merge the base into it, run `image-matrix lock && image-matrix render`, and push"
        raise Failure(f"{branch} by itself is up to date: only its merge with the base is not", advice)
    say(session, f"{commit[:12]} on {branch}")
    if start:
        _start(session, start, branch)
    return 0


def _start(session: Session, workflow: str, branch: str) -> None:
    """Start a workflow on a branch, unless the token is one whose pushes start it.

    GitHub's own token may start a run only in this way; docs.github.com, "Triggering a workflow from a workflow".
    """
    from image_matrix.github.api import start_workflow

    if os.environ.get("IMAGE_MATRIX_HAS_TOKEN") == "true":
        return
    start_workflow(run_api(), workflow, branch)
    say(session, f"{workflow} started on {branch}")


@ci.command("lock")
@click.option(
    "--names", envvar="IMAGE_MATRIX_NAMES", default="", help="What to update: NAME …; default: all."
)
@click.pass_obj
def ci_lock(session: Session, names: str) -> int:
    """Update the lock, as `lock --upgrade`.

    Something that cannot be reached fails only if nothing else is there to propose. Otherwise it becomes an output of
    the step, for the pull request.
    """
    from image_matrix.cli.lock import write_lock
    from image_matrix.lock.resolver_api import ALL

    code, outcome = write_lock(session, tuple(names.split()) or ALL)
    if code != UNREACHABLE_CODE:
        return code
    append(OUTPUT, f"unreachable={json.dumps(outcome.failures)}\n")
    click.echo(
        f"::warning title=Lock::{len(outcome.failures)} not locked: the log and the pull request say what"
    )
    return 0


@ci.command("propose")
@click.option("--branch", required=True)
@click.option("--title", required=True)
@START
@click.pass_obj
def ci_propose(session: Session, branch: str, title: str, start: str | None) -> int:
    """Push the changes to BRANCH, and create or update a pull request.

    Without changes, a pull request of an earlier run is closed.
    """
    from image_matrix.github.api import PermissionDenied, close_pull_requests, upsert_pull_request
    from image_matrix.github.branch_commit import actions_git, commit_changes, text_at
    from image_matrix.github.lock_pull_request import RIGHTS, proposal
    from image_matrix.lock import text
    from image_matrix.lock.changes import changes

    project = open_project(session)
    base = project.loaded.matrix.workflow.default_branch
    git = actions_git(session.root)
    before = text_at(git, "HEAD", text.FILE)
    owner = _owner()
    unreachable: list[str] = json.loads(os.environ.get("IMAGE_MATRIX_UNREACHABLE") or "[]")
    if commit_changes(git, branch, title, "--force") is None:
        say(session, "nothing changed")
        if unreachable:  # an earlier pull request may have what could not be reached now
            return UNREACHABLE_CODE
        for address in close_pull_requests(run_api(), owner, branch, base):
            say(session, f"closed {address}: the default branch has what it proposed")
        return 0
    body = proposal(changes(text.read(before or None), text.read(project.inputs.lock)), unreachable)
    try:
        say(session, upsert_pull_request(run_api(), owner, branch, base, title, body))
    except PermissionDenied as refused:
        raise PermissionDenied(refused.message, RIGHTS) from refused
    if start:
        _start(session, start, branch)
    return 0


@ci.command("attest")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--platform", metavar="OS/ARCH", required=True, help="The platform that was scanned.")
@click.pass_obj
def ci_attest(session: Session, file: str, platform: str) -> int:
    """Attest that images were scanned: those in the FILE of `scan --result`."""
    from image_matrix.cli.attest import attest_scans

    with naming(Path(file)):
        results = json.loads(Path(file).read_text(encoding="utf-8"))
    attest_scans(session, results, platform)
    return 0


@ci.command("signer")
@click.pass_obj
def ci_signer(session: Session) -> int:
    """Install notation and its plugin for later steps.

    Both are pinned by version and checksum.
    """
    import subprocess
    import time

    from image_matrix.cli.site_files import ca_bundle
    from image_matrix.config.mirrors import mirrored
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.pinned.actions import plugin, tool
    from image_matrix.pinned.tools import fetched_release, native_arch, unpack
    from image_matrix.registry.http import network

    loaded = open_project(session).loaded
    mirrors, http = loaded.matrix.network.mirrors.downloads, network(ca_bundle(session, loaded))
    folder = Path(required_variable("RUNNER_TEMP")) / "image-matrix"
    pinned = tool("notation", native_arch(), loaded.matrix.workflow.pins)
    release = fetched_release(pinned, lambda url: http.whole(mirrored(url, mirrors), time.sleep))
    program = unpack(pinned, release, folder)
    append(PATH, f"{folder}\n")
    pinned_plugin = plugin(loaded.matrix.release.sign.plugin or "", native_arch())
    if pinned_plugin is None:
        say(session, "image-matrix does not pin this plugin: it must be installed on the runner")
        return 0
    url, checksum = pinned_plugin
    arguments = ["plugin", "install", "--url", mirrored(url, mirrors), "--sha256sum", checksum]
    if subprocess.run([str(program), *arguments], check=False).returncode:
        raise EnvironmentFailure("the plugin of notation could not be installed", "see its output above")
    return 0


@ci.command("token")
@click.argument("host")
@click.pass_obj
def ci_token(session: Session, host: str) -> int:
    """Exchange the job's OIDC token for a login to HOST.

    Writes `username` and `password` as outputs of the step.
    """
    from image_matrix.cli.ci_logins import take_token
    from image_matrix.github.registry_tokens import Services

    take_token(session, host, Services())
    return 0


@ci.command("buildkitd")
@click.pass_obj
def ci_buildkitd(session: Session) -> int:
    """Write the builder's settings: mirrors and certificates of `network`.

    Writes the path as output `file` of the step, if there is something to set.
    """
    from image_matrix.build.buildkitd import buildkitd_toml
    from image_matrix.cli.site_files import ca_bundle
    from image_matrix.config.pull_logins import login_references

    loaded = open_project(session).loaded
    hosts = [reference.partition("/")[0] for reference in login_references(loaded.matrix)]
    registries = loaded.matrix.network.mirrors.registries
    text = buildkitd_toml(registries, hosts, ca_bundle(session, loaded))
    if text:
        file = Path(required_variable("RUNNER_TEMP")) / "buildkitd.toml"
        with naming(file):
            file.write_text(text, encoding="utf-8")
        append(OUTPUT, f"file={file}\n")
    say(session, text or "no mirrors of whole registries and no certificates: the builder has its defaults")
    return 0


@ci.command("docker-config")
@click.pass_obj
def ci_docker_config(session: Session) -> int:
    """Log in to the registries of the matrix with DOCKER_CONFIG_JSON.

    Later steps have the logins, in a folder that the runner removes at the end of the job.
    """
    from image_matrix.cli.ci_logins import use_docker_config

    use_docker_config(session)
    return 0


@ci.command("free-disk")
@click.pass_obj
def ci_free_disk(session: Session) -> int:
    """Remove unused tools from GitHub's runner."""
    import shutil
    import subprocess

    if os.environ.get("RUNNER_ENVIRONMENT") != "github-hosted":
        say(session, "not a GitHub-hosted runner: nothing is removed")
        return 0
    before = shutil.disk_usage("/").free
    subprocess.run(["sudo", "rm", "-rf", "--", *FREED], check=False)
    say(session, f"{(shutil.disk_usage('/').free - before) / 1e9:.1f} GB freed")
    return 0


@ci.command("chain")
@click.option("--platform", metavar="OS/ARCH", required=True)
@click.option(
    "--junit", "folder", metavar="DIR", required=True, help="Write JUnit XML for each variant below DIR."
)
@click.option(
    "--staging",
    is_flag=True,
    envvar="IMAGE_MATRIX_STAGING",
    help="Look for images below the staging path too.",
)
@click.argument("names", metavar="VARIANT...", nargs=-1, required=True)
@click.pass_obj
def ci_chain(session: Session, platform: str, folder: str, staging: bool, names: tuple[str, ...]) -> int:
    """Build and test variants one after the other, parents first, in a run that cannot push.

    Each image is removed after its tests. Ends at the first one that cannot be built or fails its tests, or when the
    disk has too little room for the next one.
    """
    from image_matrix.cli.ci_chain import build_chain

    return build_chain(session, names, platform, Path(folder), staging=staging)
