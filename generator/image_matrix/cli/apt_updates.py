"""Asks apt in released images, through the builder of ``build``, for what has a newer version."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.cli.printing import say
from image_matrix.errors import Failure
from image_matrix.text import listed, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from image_matrix.build.apt_question import Answers, ImageToAsk
    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.model import Variant
    from image_matrix.lock.apt_updates import AptAnswer, AptFindings, AptUpdate
    from image_matrix.publish.images_to_ask import Effect
    from image_matrix.publish.release_files import ReleaseEntry

MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class _Released:
    """The matrix, and what is released of it."""

    session: Session
    project: Project
    entries: Mapping[str, ReleaseEntry]
    moment: str
    """The moment that sources with snapshots would get."""
    effects: Mapping[str, Effect]
    """What the lock can do to the variants that are asked."""


def ask_released(session: Session, project: Project, sources: Collection[str], moment: str) -> AptFindings:
    """Ask the released images on some sources; the lock of ``project`` is the one before.

    Nothing is raised where they cannot be asked: the findings have the reason.
    """
    from image_matrix.cli.released_entries import entries_or_failure
    from image_matrix.lock.apt_updates import AptFindings

    if not sources:
        return AptFindings()
    try:
        entries = entries_or_failure(session, project.loaded.matrix.release.branch)
    except Failure as failure:
        return AptFindings(released=frozenset(sources), failures=(_not_asked(failure),))
    return _ask_entries(session, project, entries, sources, moment)


def _ask_entries(
    session: Session,
    project: Project,
    entries: Mapping[str, ReleaseEntry],
    sources: Collection[str],
    moment: str,
) -> AptFindings:
    from image_matrix.cli.apt_effects import known_effects
    from image_matrix.cli.plan import state_of
    from image_matrix.lock.apt_updates import AptFindings
    from image_matrix.publish.images_to_ask import released_on

    released = frozenset(item.root_source for item in released_on(project.loaded.variants, entries, sources))
    _say_unreleased(session, project, [name for name in sources if name not in released])
    at = _Released(session, project, entries, moment, known_effects(session, project, entries, sources))
    asked = [project.loaded.variants[name] for name in at.effects]
    if not asked:
        return AptFindings(released=released)
    names = listed((item.id for item in asked), MOST_NAMES)
    say(session, f"asking apt in {plural(len(asked), 'released image')}: {names}")
    try:
        answers, updates = _ask(at, asked)
    except Failure as failure:
        return AptFindings(released=released, failures=(_not_asked(failure),))
    source_of = {item.id: item.root_source for item in asked if item.build is None}
    keys = state_of(project).keys
    current = frozenset(item.id for item in asked if entries[item.id].get("key") == keys[item.id].index)
    failures = tuple(f"{name}: {reason}" for name, reason in answers.failures.items())
    return AptFindings(updates, source_of, released, current, failures)


def _not_asked(failure: Failure) -> str:
    return f"not asked: {': '.join(part for part in (failure.message, failure.help) if part)}"


def _say_unreleased(session: Session, project: Project, unreleased: Sequence[str]) -> None:
    """Say that nobody is asked on some sources, and what `lock_apt` does with their moments."""
    from image_matrix.lock.snapshots import snapshot_sources

    loaded = project.loaded
    on_snapshot = snapshot_sources(loaded.matrix, loaded.variants)
    for names, then in (
        ([name for name in unreleased if name not in on_snapshot], "its entry of `apt` stays"),
        ([name for name in unreleased if name in on_snapshot], "its snapshot moves to the start of today"),
    ):
        for name in names:
            say(session, f"no image on {name} is released, so apt is not asked there: {then}")


def _ask(at: _Released, asked: Sequence[Variant]) -> tuple[Answers, Mapping[str, tuple[AptUpdate, ...]]]:
    """Ask for updates, then for the changelogs of those that count."""
    from image_matrix.build.apt_question import CHANGELOGS, UPDATES
    from image_matrix.lock.apt_changelogs import places_of_changelogs, searches, with_cves
    from image_matrix.lock.apt_updates import counting

    images = [_to_ask(at, item) for item in asked]
    answers = _answers(at, UPDATES, images)
    updates = {
        name: counting(_answer(effect, texts), effect.entries, effect.guesses)
        for name, texts in answers.texts.items()
        for effect in [at.effects[name]]
    }
    places = places_of_changelogs(updates)
    if not places:
        return answers, updates
    say(at.session, f"reading {plural(len(places), 'changelog')}")
    lines = searches(places)
    readers = [replace(one, search=lines[one.variant]) for one in images if one.variant in lines]
    changelogs = _answers(at, CHANGELOGS, readers)
    for name, reason in changelogs.failures.items():
        say(at.session, f"the changelogs in {name} are not read: {reason}")
    return answers, with_cves(updates, places, changelogs.texts)


def _answer(effect: Effect, texts: Mapping[str, str]) -> AptAnswer:
    from image_matrix.lock.apt_updates import read_answer

    answer = read_answer(texts)
    return answer if effect.upgrades_source else replace(answer, of_distribution=frozenset())


def _to_ask(at: _Released, item: Variant) -> ImageToAsk:
    from image_matrix.build.apt_question import ImageToAsk
    from image_matrix.cli.variant_images import platform_of
    from image_matrix.config.mirrors import mirrored

    entry, matrix, base = at.entries[item.id], at.project.loaded.matrix, at.effects[item.id].base
    offered = tuple(one for one in item.platforms if one in entry.get("platforms", ())) or item.platforms
    source = mirrored(
        at.project.pins.pinned(matrix.sources[item.root_source]), matrix.network.mirrors.registries
    )
    return ImageToAsk(
        item.id,
        item.target,
        platform_of(replace(item, platforms=offered), None),
        _image(entry),
        item.root_source,
        _image(at.entries[base.id]) if base else source,
        at.moment if matrix.asks_snapshot(item.root_source) else "",
    )


def _image(entry: ReleaseEntry) -> str:
    from image_matrix.publish.indexes import by_digest

    return by_digest(str(entry["reference"]), str(entry["digest"]))


def _answers(at: _Released, script: str, images: Sequence[ImageToAsk]) -> Answers:
    from image_matrix.build.apt_question import AskSettings, ask_images
    from image_matrix.build.bake import READS_FOLDERS
    from image_matrix.build.buildx import require_buildx
    from image_matrix.build.failure import excerpt
    from image_matrix.build.progress import BUILDX_STEP, LogFormat, StepCount
    from image_matrix.cli.build_output import log_runner
    from image_matrix.cli.build_settings import open_proxy, step_secrets
    from image_matrix.cli.buildx import opened_builder
    from image_matrix.temporary import temporary_folder

    loaded = at.project.loaded
    require_buildx()
    hidden, proxy = step_secrets(at.session, loaded), open_proxy(at.session, loaded)
    settings = AskSettings(script, uuid.uuid4().hex, hidden.options, proxy)
    run = log_runner(at.session, LogFormat(BUILDX_STEP, excerpt), StepCount().read)
    # a platform that the builder lacks is the fault of one image
    with opened_builder(at.session, loaded, proxy, ()) as builder, temporary_folder() as folder:
        variables = {**os.environ, **hidden.environment, **builder.variables, **READS_FOLDERS}
        return ask_images(images, settings, builder.options, variables, folder, run, time.sleep)
