"""``lock``: resolves versions, digests and checksums into matrix.lock.yaml."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from image_matrix.cli.network_files import ca_bundle, http_client, netrc, registry_of
from image_matrix.cli.printing import note, paint, report, say
from image_matrix.cli.project import load_inputs
from image_matrix.text import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.apt_updates import AptFindings
    from image_matrix.lock.model import Lock
    from image_matrix.lock.resolve_all import LockServices, Outcome
    from image_matrix.lock.uv_program import Uv
    from image_matrix.registry.client import Registry
    from image_matrix.registry.http import HttpClient

    AskOnProject = Callable[[Session, Project, Collection[str], str], AptFindings]

SHOWN = 40
"""Number of changed lines that are printed without ``-v``."""


@click.command()
@click.option("--upgrade", is_flag=True, help="Update to the newest versions.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.pass_obj
def lock(session: Session, upgrade: bool, names: tuple[str, ...]) -> int:
    """Resolve sources, downloads and packages into the lock.

    Writes matrix.lock.yaml. Resolves only what is not locked yet. --upgrade updates everything, or only each NAME: a
    source, a download, an extension, a Python package, an image (its Python packages, and its steps with
    `refresh_days`), `frontend`, `apt`, `conda` or `cran`. What matrix.yaml pins stays.
    """
    from image_matrix.cli.apt_updates import ask_released
    from image_matrix.lock.resolver_api import ALL

    if names and not upgrade:
        raise click.UsageError(
            "NAME needs --upgrade; without it, `lock` resolves everything that is not locked"
        )
    return write_lock(session, (names or ALL) if upgrade else (), ask_released)[0]


def write_lock(session: Session, upgraded: tuple[str, ...], ask: AskOnProject) -> tuple[int, Outcome]:
    """Write the lock, with what ``upgraded`` names moved on, and print what changed.

    ``ask`` says what apt would update in released images; its last two arguments are those of ``AskApt``.
    Returns the exit code of the command, and what came of it.
    """
    from functools import partial

    from image_matrix.cli.lock_remedies import naming_what_restores, note_deleted
    from image_matrix.cli.project import Project, organisation_policy
    from image_matrix.config.policy import NO_LISTS
    from image_matrix.lock import text
    from image_matrix.lock.read import pins_of
    from image_matrix.lock.resolve_all import make_lock
    from image_matrix.lock.upgrade_names import names_in_lock, pinned_lines
    from image_matrix.output_tree.atomic import write_durably
    from image_matrix.output_tree.files import File
    from image_matrix.project.inputs import read_inputs

    inputs = read_inputs(session.root, session.matrix, session.overlays)
    loaded = load_inputs(inputs)
    with naming_what_restores(session.root):
        old = text.read(inputs.lock)
    note_deleted(session)
    project = Project(inputs, loaded, old, pins_of(old, loaded))
    names = names_in_lock(loaded, old, upgraded)
    outcome = make_lock(
        loaded,
        old,
        names,
        replace(_services(session, loaded), ask_apt=partial(ask, session, project)),
        inputs.templates.custom_contract,
    )
    policies = (*loaded.policies, *organisation_policy())
    if old.licences or any(one.policy.licences != NO_LISTS for one in policies):
        outcome = replace(outcome, lock=_with_licences(session, loaded, outcome.lock, old))
    written = text.write(outcome.lock, inputs.lock)
    is_rewritten = written != inputs.lock
    if is_rewritten:
        write_durably(session.root / text.FILE, File(written.encode()))
    lines = _changed_lines(loaded, old, outcome)
    if is_rewritten and not lines:
        what = "no entries (new)" if inputs.lock is None else "the same entries, written in the usual form"
        lines = [f"{text.FILE}: {what}"]
    if stays := pinned_lines(loaded, names):
        note(session, stays)
    return _summarize(session, loaded, lines, outcome, upgraded), outcome


def _changed_lines(loaded: Loaded, old: Lock, outcome: Outcome) -> list[str]:
    """Return what changed, and the updates that apt has, a line each."""
    from image_matrix.lock.apt_report import apt_lines
    from image_matrix.lock.changes import changes
    from image_matrix.lock.refreshed import intervals

    return [*changes(old, outcome.lock, intervals(loaded)), *apt_lines(outcome.apt)]


def _with_licences(session: Session, loaded: Loaded, lock: Lock, old: Lock) -> Lock:
    """Return a lock with the licences of its Python packages, which a policy asks for."""
    from functools import partial

    from image_matrix.lock import uv
    from image_matrix.lock.licences import MetadataSource, licences

    client = http_client(session, loaded, netrc(session, loaded))
    wheels = partial(uv.wheels, uv=python_resolver(session, loaded))
    texts = licences(loaded, lock, old.licences, wheels, MetadataSource(client.stream, client.tail))
    say(session, f"licences: {plural(len(texts), 'Python package')}")
    return replace(lock, licences=texts)


def _services(session: Session, loaded: Loaded) -> LockServices:
    """Open the registries, the network, uv and a conda solver."""
    import time
    from datetime import UTC, datetime
    from functools import partial

    from image_matrix.config.conda import channel_mirrors
    from image_matrix.lock import conda, uv
    from image_matrix.lock.conda_request import CondaNetwork
    from image_matrix.lock.defaults import ask_defaults
    from image_matrix.lock.distributions import python_of
    from image_matrix.lock.resolve_all import LockServices
    from image_matrix.registry.host_log import HostLog

    pythons = (python_of(loaded.matrix, item) for item in loaded.variants.values())
    mirrors = loaded.matrix.network.mirrors
    bundle = ca_bundle(session, loaded)
    host_log = HostLog()
    registry = registry_of(session, loaded, host_log)
    logins = netrc(session, loaded)
    resolver = python_resolver(session, loaded)
    http = http_client(session, loaded, logins, host_log)

    return LockServices(
        manifests=registry.manifests,
        configs=registry.configs,
        stream=http.stream,
        resolve=partial(uv.resolve, uv=resolver),
        graph=partial(uv.graph, uv=resolver),
        solve=conda.solver(CondaNetwork(channel_mirrors(mirrors), bundle, logins)),
        sleep=time.sleep,
        today=datetime.now(UTC).date(),
        say=lambda line: say(session, line),
        apt_lists=partial(_apt_lists, session, registry),
        defaults=partial(ask_defaults, python=next(filter(None, pythons), "")),
        touch=partial(_touch, http),
        host_log=host_log,
    )


def _apt_lists(session: Session, registry: Registry, image: str) -> tuple[str, ...] | None:
    """Read the lists of apt of an image; say why they are not noted where that fails."""
    from image_matrix.lock.apt_lists import read_apt_lists
    from image_matrix.registry.exchange import ConnectionFailed
    from image_matrix.registry.image_layers import LayerError

    try:
        return read_apt_lists(registry, image)
    except (ConnectionFailed, LayerError) as error:
        say(session, f"the lists of apt in {image} are not noted: {error}")
        return None


def _touch(http: HttpClient, url: str) -> None:
    """Ask for a file; a host that does not answer is not noted."""
    from contextlib import suppress

    from image_matrix.registry.exchange import ConnectionFailed

    with suppress(ConnectionFailed):
        http.touch(url)


def python_resolver(session: Session, loaded: Loaded) -> Uv:
    """Return uv with the mirrors, certificates and logins of the matrix."""
    import os

    from image_matrix.lock.package_network import SETS_DEFAULT_INDEX, PackageNetwork
    from image_matrix.lock.uv_program import Uv, runner

    network = loaded.matrix.network
    mirrors = network.mirrors
    bundle, logins = ca_bundle(session, loaded), netrc(session, loaded)
    is_set = any(os.environ.get(name) for name in SETS_DEFAULT_INDEX)
    trusted = network.trusted_hosts
    reached = PackageNetwork(mirrors.pip, mirrors.index_urls, bundle, logins, network.netrc, trusted, is_set)
    return Uv(reached, runner())


def _summarize(
    session: Session, loaded: Loaded, lines: list[str], outcome: Outcome, upgraded: tuple[str, ...]
) -> int:
    """Print what changed and what is not locked; return the exit code."""
    from image_matrix.diagnostics import diagnose

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
        say(session, f"  {paint('help', 'help')}: {_to_run_again(outcome, upgraded)}", level=-1)
    if outcome.findings:
        return 2
    return 3 if outcome.failures else 0


def _to_run_again(outcome: Outcome, upgraded: tuple[str, ...]) -> str:
    """Return what failures have left as it is, and the command that tries them again."""
    unasked = len(outcome.apt.failures)
    rest = "what has no error" if outcome.findings else "the rest"
    if unasked == len(outcome.failures):
        return f"{rest} is locked; `image-matrix lock --upgrade apt` asks for updates of apt packages again"
    when = "when the errors above are mended" if outcome.findings else "when they can be reached"
    return f"{len(outcome.failures)} not locked; {rest} is locked; run `{_command(upgraded)}` again {when}"


def _command(upgraded: tuple[str, ...]) -> str:
    """Return the command that has asked for this: a plain `lock` leaves what an upgrade has not reached."""
    import shlex

    from image_matrix.lock.resolver_api import ALL

    names = () if upgraded == ALL else upgraded
    return shlex.join(("image-matrix", "lock", *(("--upgrade",) if upgraded else ()), *names))
