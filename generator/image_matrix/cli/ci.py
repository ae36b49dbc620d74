"""``ci``: steps of the generated workflow on GitHub Actions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.ci_layers import ci_layer, ci_ready
from image_matrix.cli.ci_lock import ci_ask_apt, ci_lock
from image_matrix.cli.ci_pull_request import ci_comment, ci_commit, ci_outcome, ci_propose
from image_matrix.cli.ci_rescan import ci_rescan, ci_rescan_list, ci_rescan_report
from image_matrix.cli.ci_runner import ci_buildkitd, ci_docker_config, ci_free_disk, ci_signer, ci_token
from image_matrix.cli.options import also_staging
from image_matrix.cli.run_api import run_event
from image_matrix.errors import naming
from image_matrix.github.files import SUMMARY, append, write_outputs

if TYPE_CHECKING:
    from image_matrix.cli.session import Session


@click.group()
def ci() -> None:
    """Steps of a GitHub Actions run."""


@ci.command("plan")
@also_staging
@click.option("--comment", "comment_file", metavar="FILE", help="Write the pull request's comment to FILE.")
@click.pass_obj
def ci_plan(session: Session, staging: bool, comment_file: str | None) -> int:
    """Plan the run that GITHUB_EVENT_PATH started.

    Writes the outputs for its jobs, the summary and the comment.
    """
    from image_matrix.cli.ci_outdated import locks_for_the_author
    from image_matrix.cli.ci_plan import plan_run
    from image_matrix.diagnostics import MatrixError
    from image_matrix.diagnostics.report import terminal
    from image_matrix.errors import Failure
    from image_matrix.github.comment import failure_comment, moved_comment
    from image_matrix.github.run_plan import commit_outputs, outputs

    event = run_event()
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
        write_outputs(commit_outputs(locks=locks, renders=locks))
        raise
    except Failure as error:
        message = f"error: {error.message}\n" + (f"  help: {error.help}\n" if error.help else "")
        _write_summary(failure_comment("The plan failed.", message), comment_file)
        raise
    _write_summary(planned.comment, comment_file)
    values = {**outputs(planned.run), **planned.by_mode, "base": planned.base}
    write_outputs(values)
    click.echo(planned.table, nl=False)
    return 0


def _write_summary(text: str, file: str | None) -> None:
    append(SUMMARY, text)
    if file:
        with naming(Path(file)):
            Path(file).write_text(text, encoding="utf-8")


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


for command in (
    ci_layer, ci_ready,
    ci_comment, ci_outcome, ci_commit, ci_ask_apt, ci_lock, ci_propose,
    ci_rescan_list, ci_rescan, ci_rescan_report,
    ci_signer, ci_token, ci_docker_config, ci_buildkitd, ci_free_disk,
):  # fmt: skip
    ci.add_command(command)
