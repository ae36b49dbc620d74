"""``lock``: resolves versions, digests and checksums into matrix.lock.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import paint, report, say
from image_matrix.cli.project import load_inputs
from image_matrix.cli.site_files import ca_bundle, http_client, netrc, registry_of

if TYPE_CHECKING:
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.model import Lock
    from image_matrix.lock.resolve_all import LockServices, Outcome
    from image_matrix.lock.uv import PackageSite

SHOWN = 40
"""Number of changed lines that are printed without ``-v``."""


@click.command()
@click.option("--upgrade", is_flag=True, help="Update to the newest versions.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.pass_obj
def lock(session: Session, upgrade: bool, names: tuple[str, ...]) -> int:
    """Resolve sources, downloads and packages into the lock.

    Writes matrix.lock.yaml. Resolves only what is not locked yet. --upgrade updates everything, or only each NAME: a
    source, a download, an extension, a Python package, `frontend`, `apt`, `conda` or `cran`.
    """
    from image_matrix.lock.resolver_api import ALL

    if names and not upgrade:
        raise click.UsageError(
            "NAME needs --upgrade; without it, `lock` resolves everything that is not locked"
        )
    return write_lock(session, (names or ALL) if upgrade else ())[0]


def write_lock(session: Session, upgraded: tuple[str, ...]) -> tuple[int, Outcome]:
    """Write the lock, with what ``upgraded`` names moved on, and print what changed.

    Returns the exit code of the command, and what came of it.
    """
    from image_matrix.lock import text
    from image_matrix.lock.resolve_all import make_lock
    from image_matrix.output_tree.atomic import write_durably
    from image_matrix.output_tree.files import File
    from image_matrix.project.inputs import read_inputs

    inputs = read_inputs(session.root, session.matrix, session.overlays)
    loaded = load_inputs(inputs)
    old = text.read(inputs.lock)
    outcome = make_lock(
        loaded,
        old,
        upgraded,
        _services(session, loaded),
        inputs.templates.custom_contract,
    )
    written = text.write(outcome.lock, inputs.lock)
    if written != inputs.lock:
        write_durably(session.root / text.FILE, File(written.encode()))
    return _summarize(session, loaded, old, outcome), outcome


def _services(session: Session, loaded: Loaded) -> LockServices:
    """Open the registries, the network, uv and a conda solver."""
    import time
    from datetime import UTC, datetime
    from functools import partial

    from image_matrix.config.conda import channel_mirrors
    from image_matrix.lock import conda, uv
    from image_matrix.lock.conda_request import CondaSite
    from image_matrix.lock.resolve_all import LockServices

    mirrors = loaded.matrix.network.mirrors
    bundle = ca_bundle(session, loaded)
    registry = registry_of(session, loaded)
    run = uv.runner()
    logins = netrc(session, loaded)
    site = package_site(session, loaded)

    return LockServices(
        manifests=registry.manifests,
        configs=registry.configs,
        stream=http_client(session, loaded, logins).stream,
        resolve=partial(uv.resolve, site=site, run=run),
        graph=partial(uv.graph, site=site, run=run),
        solve=conda.solver(CondaSite(channel_mirrors(mirrors), bundle, logins)),
        sleep=time.sleep,
        today=datetime.now(UTC).date(),
        say=lambda line: say(session, line),
    )


def package_site(session: Session, loaded: Loaded) -> PackageSite:
    """Return where Python packages are looked up: mirrors, certificates and logins of the matrix."""
    from image_matrix.lock.uv import PackageSite

    network = loaded.matrix.network
    mirrors = network.mirrors
    bundle, logins = ca_bundle(session, loaded), netrc(session, loaded)
    return PackageSite(mirrors.pip, mirrors.index_urls, bundle, logins, network.netrc, network.trusted_hosts)


def _summarize(session: Session, loaded: Loaded, old: Lock, outcome: Outcome) -> int:
    """Print what changed and what is not locked; return the exit code."""
    from image_matrix.diagnostics import diagnose
    from image_matrix.lock.changes import changes

    lines = changes(old, outcome.lock)
    shown = lines if session.verbosity > 0 else lines[:SHOWN]
    for line in shown:
        click.echo(line)
    if len(shown) < len(lines):
        click.echo(f"and {len(lines) - len(shown)} more (-v shows them)")
    if not lines:
        say(
            session,
            "the lock is up to date" if not (outcome.findings or outcome.failures) else "nothing changed",
        )
    if outcome.findings:
        report(diagnose(outcome.findings, loaded.documents))
    for failure in outcome.failures:
        say(session, f"{paint('error', 'error')}: not locked: {failure}", level=-1)
    for remedy in outcome.remedies:
        say(session, f"  {paint('help', 'help')}: {remedy}", level=-1)
    if outcome.failures:
        count = len(outcome.failures)
        advice = "everything else is locked; run `image-matrix lock` again when they can be reached"
        say(session, f"  {paint('help', 'help')}: {count} not locked; {advice}", level=-1)
    if outcome.findings:
        return 2
    return 3 if outcome.failures else 0
