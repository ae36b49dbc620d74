"""``verify`` as a whole: subjects from the matrix, their scenarios side by side, one report each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from image_matrix.config.served_app import served_by
from image_matrix.verify.expectations import chain, inherited, packages, pins, provided
from image_matrix.verify.model import Report, Result, Subject
from image_matrix.verify.scenarios import results, scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from image_matrix.config.loaded import Loaded
    from image_matrix.verify.engine import Engine

PIECE = 0.2
"""Seconds of one wait."""
SIDE_BY_SIDE = 3
"""Scenarios at a time: starting an IDE keeps a core busy, waiting for one does not."""


def subject_of(loaded: Loaded, identifier: str, image: str, platform: str | None, deadline: float) -> Subject:
    """Return what is expected of a variant's image."""
    line = chain(loaded.variants, identifier)
    name = line[-1].accelerator
    return Subject(
        id=identifier,
        image=image,
        ide=served_by(loaded.variants, identifier, loaded.serving),
        platform=platform,
        tests=inherited(line),
        provides=provided(line),
        pins=pins(line),
        packages=packages(line),
        accelerator=loaded.matrix.accelerators[name] if name else None,
        deadline=deadline,
    )


def verify(engine: Engine, subject: Subject) -> Report:
    """Run every scenario of a subject; raises :class:`EnvironmentFailure` where the engine fails.

    Whatever ends it early, an interruption too, leaves no container and no volume behind.
    """
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    started = time.monotonic()
    stop = Event()
    used = engine.until(stop)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        try:
            running = [pool.submit(results, scenario, used, subject) for scenario in scenarios(subject)]
            found = _gathered(running)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            engine.remove_all()
            raise
    return Report(subject.id, subject.image, time.monotonic() - started, found)


def _gathered(running: Sequence[Future[list[Result]]]) -> tuple[Result, ...]:
    """Return all results in their order, or raise what the first failure raised.

    It waits in short pieces: a signal that comes just before a wait without end would not end that wait.
    """
    from concurrent.futures import FIRST_EXCEPTION, wait

    pending = set(running)
    while pending:
        done, pending = wait(pending, PIECE, FIRST_EXCEPTION)
        for future in done:
            future.result()
    return tuple(result for future in running for result in future.result())
