"""``ci layer``, ``ci ready``: what a layer or a leg needs from the jobs before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.options import also_staging
from image_matrix.cli.printing import say
from image_matrix.cli.project import open_locked
from image_matrix.github.files import OUTPUT, append, write_outputs

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.model import LegId
    from image_matrix.planning.registry_locations import Locations


@click.command("layer")
@also_staging
@click.option("--legs", envvar="LEGS", default="", help="What the layer is to build: VARIANT@PLATFORM …")
@click.option("--scans", envvar="SCANS", default="", help="What the layer before it has to have scanned.")
@click.pass_obj
def ci_layer(session: Session, staging: bool, legs: str, scans: str) -> int:
    """Leave out the variants of a layer whose parents were not built.

    Writes the entries of its jobs as outputs, and those of the scans of the layer before it.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.planning.registry_locations import registry_locations
    from image_matrix.render.workflow_layers import build_chunks, compact, legs_of, scan_chunks

    state = state_of(open_locked(session))
    locations = registry_locations(state, staging=staging)
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
    write_outputs(outputs)
    say(session, f"{len(ready)} of {len(asked)} to build")
    return 0


@click.command("ready")
@click.argument("step", type=click.Choice(["build", "scan"]))
@click.argument("variant")
@click.option("--platform", required=True)
@also_staging
@click.pass_obj
def ci_ready(session: Session, step: str, variant: str, platform: str, staging: bool) -> int:
    """Check that the images are there that a leg needs: the parents of a build, or what a scan is to scan.

    Writes the output `blocked`, and a notice, if one is missing. The leg then ends without a failure of its own.
    """
    from image_matrix.cli.plan import state_of
    from image_matrix.config.variant_selectors import select
    from image_matrix.planning.registry_locations import registry_locations

    state = state_of(open_locked(session))
    variants = state.loaded.variants
    names = select(variants, (variant,))
    needed = names if step == "scan" else [parent for name in names for parent in variants[name].parents]
    absent = _absent(
        session, registry_locations(state, staging=staging), {(name, platform) for name in needed}
    )
    append(OUTPUT, f"blocked={str(bool(absent)).lower()}\n")
    for name in sorted(name for name, _ in absent):
        click.echo(
            f"::notice title=Blocked::{variant} ({platform}) waits for {name}, which was not built or failed"
        )
    return 0


def _absent(session: Session, locations: Locations, legs: set[LegId]) -> set[LegId]:
    """Return the legs that the registry does not have; one that it refuses to answer about may be there."""
    from image_matrix.cli.network_files import registry_of
    from image_matrix.planning.registry_locations import existing_images, refused

    registry = registry_of(session, locations.main.loaded)
    known = existing_images(locations.order, legs, registry, lambda text: say(session, text))
    unknown = refused(locations.order, [leg for leg in legs if leg not in known], registry)
    return {leg for leg in legs if leg not in known and leg not in unknown}
