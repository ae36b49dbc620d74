"""Says what a release has changed, in the output and the summary of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.release_branch import objects_in
from image_matrix.publish.release_files import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.cli.branch_update import Update
    from image_matrix.cli.release_branch import Branch
    from image_matrix.output_tree.files import File


def report_release(update: Update) -> None:
    """Print what was released to standard output and to the run's summary."""
    from image_matrix.github.files import SUMMARY, append
    from image_matrix.publish.release_text import summary

    changed, entries = update.changed, update.entries
    location = " ".join((_deploy_location(update), _dropped(update.branch, update.files))).strip()
    append(SUMMARY, summary(changed, entries, location, update.held, update.waiting))
    if update.notes and update.notes.markdown and update.commit:
        append(SUMMARY, f"\n{update.notes.markdown}")
    for sentence in update.waiting:
        click.echo(f"note: {sentence}", err=True)
    shown = "".join(f"{name} {entries[name]['digest']}\n" for name in changed)
    click.echo(f"{shown}{len(changed)} of {len(entries)} released")


def _deploy_location(update: Update) -> str:
    """Return a sentence that says where ``deploy/`` is."""
    name = update.branch.name
    if update.files is None:
        page = f" At {update.commit[:12]}, its page has newer facts." if update.commit else ""
        return f"`deploy/` on `{name}` was changed by hand after this was released, and is kept.{page}"
    if update.commit is None:
        return f"`deploy/` on `{name}` is unchanged."
    return f"`deploy/` is at {update.commit[:12]} on `{name}`."


def _dropped(branch: Branch, files: Mapping[str, File] | None) -> str:
    """Return a sentence about removed values of WorkspaceKinds, for which Kubeflow may reject the new file."""
    from image_matrix.render.kubernetes.outputs import WORKSPACE_KINDS
    from image_matrix.render.kubernetes.workspace_values import dropped
    from image_matrix.text import listed

    gone: list[str] = []
    for site, kinds in branch.kept.items():
        new = (files or {}).get(f"{FOLDER}/{site}/{WORKSPACE_KINDS}")
        gone += dropped(kinds, objects_in(new.content.decode())) if new else []
    if not gone:
        return ""
    return (
        f"WorkspaceKinds no longer hold {listed((f'`{name}`' for name in gone), 5)}: 256 values are the most. Kubeflow "
        "refuses the new file while a Workspace uses one of these; restart it with a newer image."
    )
