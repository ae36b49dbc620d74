"""``init``: a working repository in a new or an empty folder."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click

from image_matrix.cli.session import Session, say


@click.command()
@click.argument("folder", metavar="DIR")
@click.pass_obj
def init(session: Session, folder: str) -> int:
    """Make a working repository in DIR.

    It has a matrix of three images, the templates, a pre-commit config, a README and the rendered tree: Dockerfiles
    and GitHub workflows.

    Nothing that is there is overwritten: DIR may hold a README, a licence or a .git folder, but not another matrix.
    """
    from image_matrix.project.init import create, new_repository

    target = session.root / folder
    written, kept = create(target, new_repository())
    for path in kept:
        say(session, f"kept {path}")
    for path in written:
        say(session, f"wrote {path}", level=1)
    say(session, f"{len(written)} files in {target}")
    here = Path(os.path.normpath(target)) == Path()
    call = "image-matrix" if here else f"image-matrix -C {shlex.quote(str(target))}"
    say(
        session,
        f"next: set `registry:` in {target / 'matrix.yaml'}, then `{call} render`; README.md says more",
    )
    return 0
