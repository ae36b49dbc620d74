"""Runs ``verify``: builds subjects from the matrix, runs their scenarios in parallel, returns a report for each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from image_matrix.config.notebook_builds import builds_images
from image_matrix.config.r import has_r_kernel
from image_matrix.config.served_app import ide_of, served_by
from image_matrix.text import listed
from image_matrix.verify.expectations import chain, extensions, inherited, packages, pins, provided
from image_matrix.verify.model import Report, Result, Subject
from image_matrix.verify.r import with_listed_packages
from image_matrix.verify.scenarios import left_out, results, scenarios

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from image_matrix.config.loaded import Loaded
    from image_matrix.verify.engine import Engine

PIECE = 0.2
"""Seconds between two looks at the running scenarios."""
MOST_SHOWN = 3
"""Checks that a line about a scenario names."""
SIDE_BY_SIDE = 3
"""Scenarios that run at the same time: starting an IDE uses a core, waiting for it does not."""


def subject_of(loaded: Loaded, identifier: str, image: str, platform: str | None, deadline: float) -> Subject:
    """Return the subject for a variant's image."""
    line = chain(loaded.variants, identifier)
    name = line[-1].accelerator
    return Subject(
        id=identifier,
        image=image,
        ide=served_by(loaded.variants, identifier, loaded.serving),
        platform=platform,
        contract=line[-1].contract,
        tests=with_listed_packages(inherited(line), line),
        provides=provided(line),
        pins=pins(line),
        packages=packages(line),
        extensions=extensions(line),
        accelerator=loaded.matrix.accelerators[name] if name else None,
        r_kernel=ide_of(loaded.variants, identifier) == "jupyter" and has_r_kernel(line),
        builds_images=builds_images(loaded.variants, line[-1]),
        deadline=deadline,
    )


def verify(engine: Engine, subject: Subject, log: Callable[[str], None] = lambda _: None) -> Report:
    """Run every scenario of a subject; raises :class:`EnvironmentFailure` if the engine fails.

    ``log`` receives a line when a scenario ends. All containers and volumes are removed, also after an error or an
    interruption.
    """
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    started = time.monotonic()
    stop = Event()
    used = engine.until(stop)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        try:
            running = [pool.submit(results, scenario, used, subject) for scenario in scenarios(subject)]
            all_results = _gathered(running, log)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            engine.remove_all()
            raise
    took = time.monotonic() - started
    return Report(subject.id, subject.image, took, all_results, subject.contract, left_out(subject))


def _gathered(running: Sequence[Future[list[Result]]], log: Callable[[str], None]) -> tuple[Result, ...]:
    """Return all results in order, or raise the exception of the first scenario that fails.

    Each wait is short: a signal that arrives just before a wait does not interrupt it.
    """
    from concurrent.futures import FIRST_COMPLETED, wait

    pending = set(running)
    while pending:
        done, pending = wait(pending, PIECE, FIRST_COMPLETED)
        for future in done:
            log(f"{len(running) - len(pending)} of {len(running)}: {_words(future.result())}")
    return tuple(result for future in running for result in future.result())


def _words(results_of_one: Sequence[Result]) -> str:
    """Return the failed checks of a scenario, or all of its checks if none failed."""
    failed = [result.name for result in results_of_one if result.status == "failed"]
    names = listed(failed or [result.name for result in results_of_one], MOST_SHOWN)
    return f"{names}: FAILED" if failed else f"{names}: ok"
