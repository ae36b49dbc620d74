"""How long a run takes: the generated workflow and other ways to order the same work, on N runners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.schedule import Task, makespan
from image_matrix.config.lineage import lineage
from image_matrix.dag import descendants, digraph
from image_matrix.render.workflow_jobs import build_jobs, job_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.platforms import Platform

Leg = tuple[str, "Platform"]
"""Variant id and platform."""
PLAN, RELEASE = "plan", "release"


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds of each part of a run: orders of magnitude as seen on GitHub's runners, not more."""

    plan: float = 60
    start: float = 35
    """Of every leg: checkout, generator, buildx, login."""
    test: float = 60
    scan: float = 120
    release: float = 180


def build_seconds(item: Variant) -> float:
    """Return a guess of how long a build and its push take, from what is installed."""
    each = {"apt": 3.0, "pip": 5.0, "conda": 8.0, "cran": 30.0, "npm": 8.0, "extensions": 4.0}
    packages = sum(each[manager] * len(names) for manager, names in item.packages.items())
    heavy = 300.0 if item.accelerator and item.packages.get("pip") else 0.0
    return 45.0 + packages + 15.0 * len(item.downloads) + heavy


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done, and how long each part takes."""

    matrix: Matrix
    variants: Mapping[str, Variant]
    durations: Durations = Durations()

    def legs(self, images: Collection[str] | None = None) -> tuple[Leg, ...]:
        """Return the legs of some images and all that is built on them; of all by default."""
        starts = [name for name, item in self.variants.items() if images is None or item.image in images]
        graph = digraph({name: item.parents for name, item in self.variants.items()})
        chosen = descendants(graph, starts)
        return tuple(
            (name, platform)
            for name, item in self.variants.items()
            for platform in item.platforms
            if name in chosen
        )

    def leg_seconds(self, leg: Leg) -> float:
        """Return how long a leg has a runner."""
        return self.durations.start + build_seconds(self.variants[leg[0]]) + self.durations.test

    @property
    def scan_seconds(self) -> float:
        """How long the scan of one leg has a runner."""
        return self.durations.start + self.durations.scan if self.matrix.release.scan.tool != "none" else 0.0


def generated(work: Work, legs: Collection[Leg]) -> list[Task]:
    """Return the generated workflow: a job per image and platform, needing its parent's job only."""
    tasks = [Task(PLAN, (work.durations.plan,))]
    found = []
    for job in build_jobs(work.matrix, work.variants):
        mine = [leg for label in job.legs if (leg := (f"{job.image}:{label}", job.platform)) in legs]
        if mine:
            needs = (PLAN, *job.parents)
            found.append(Task(job.id, tuple(work.leg_seconds(leg) for leg in mine), needs))
    return [*tasks, *found, *_scans(work, legs), _release(work, [task.name for task in found], legs)]


def layered(work: Work, legs: Collection[Leg]) -> list[Task]:
    """Return the same work with a barrier after every generation of the DAG."""
    layers: dict[int, list[Leg]] = {}
    for leg in legs:
        layers.setdefault(work.matrix.order.layers[work.variants[leg[0]].image], []).append(leg)
    tasks, before = [Task(PLAN, (work.durations.plan,))], PLAN
    for number, members in sorted(layers.items()):
        name = f"layer-{number}"
        tasks.append(Task(name, tuple(work.leg_seconds(leg) for leg in members), (before,)))
        before = name
    scans = [Task("scan", tuple(work.scan_seconds for _ in legs), (before,))] if legs else []
    return [*tasks, *scans, Task(RELEASE, (work.durations.release,), ("scan", before))]


def trees(work: Work, legs: Collection[Leg]) -> list[Task]:
    """Return one job for each root variant and platform that does everything on top of it, one after the other."""
    totals: dict[Leg, float] = {}
    for leg in legs:
        root = (_root(work.variants, leg[0]), leg[1])
        rest = work.leg_seconds(leg) - work.durations.start + work.scan_seconds - work.durations.start
        totals[root] = totals.get(root, work.durations.start) + rest
    jobs = [Task(f"{name}-{platform}", (seconds,), (PLAN,)) for (name, platform), seconds in totals.items()]
    release = Task(RELEASE, (work.durations.release,), (PLAN, *(job.name for job in jobs)))
    return [Task(PLAN, (work.durations.plan,)), *jobs, release]


def _root(variants: Mapping[str, Variant], name: str) -> str:
    *_, root = lineage(variants, variants[name])
    return root.id


def _scans(work: Work, legs: Collection[Leg]) -> list[Task]:
    if not work.scan_seconds:
        return []
    by_image: dict[str, list[Leg]] = {}
    for leg in legs:
        by_image.setdefault(work.variants[leg[0]].image, []).append(leg)
    return [
        Task(
            f"scan_{image}",
            tuple(work.scan_seconds for _ in mine),
            tuple({job_id(image, leg[1]) for leg in mine}),
        )
        for image, mine in by_image.items()
    ]


def _release(work: Work, builds: Iterable[str], legs: Collection[Leg]) -> Task:
    scans = {f"scan_{work.variants[leg[0]].image}" for leg in legs}
    return Task(RELEASE, (work.durations.release,), (PLAN, *builds, *scans))


def bound(work: Work, legs: Collection[Leg], runners: int) -> float:
    """Return what no order of the same work can beat: the longest chain of variants, or all work shared out evenly."""
    chains = ([(item.id, leg[1]) for item in lineage(work.variants, work.variants[leg[0]])] for leg in legs)
    longest = max(
        (sum(work.leg_seconds(one) for one in chain if one in legs) for chain in chains), default=0.0
    )
    around = work.durations.plan + work.durations.release
    scan = work.scan_seconds if legs else 0.0
    total = sum(work.leg_seconds(leg) + work.scan_seconds for leg in legs)
    return around + max(longest + scan, total / runners)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario on a number of runners, in seconds."""

    scenario: str
    runners: int
    legs: int
    bound: float
    generated: float
    layers: float
    trees: float
    rebuild_all: float


def scenarios(work: Work) -> dict[str, tuple[Leg, ...]]:
    """Return what changes in each scenario: everything, the largest root, a leaf of the longest chain, nothing."""
    roots = [image.name for image in work.matrix.images.values() if not image.parent]
    root = max(roots, key=lambda name: len(work.legs([name])))
    leaf = list(work.variants.values())[-1].image
    parents = {item.parent.partition(":")[0] for item in work.variants.values() if item.parent}
    leaves = [item.image for item in work.variants.values() if item.image not in parents]
    leaf = leaves[-1] if leaves else leaf
    return {
        "everything": work.legs(),
        f"{root} changed": work.legs([root]),
        f"{leaf} changed": work.legs([leaf]),
        "nothing": (),
    }


def rows(work: Work, runners: Iterable[int]) -> list[Row]:
    """Simulate every scenario on each number of runners."""
    everything = work.legs()
    return [
        Row(
            scenario=name,
            runners=count,
            legs=len(legs),
            bound=bound(work, legs, count),
            generated=makespan(generated(work, legs), count),
            layers=makespan(layered(work, legs), count),
            trees=makespan(trees(work, legs), count),
            rebuild_all=makespan(generated(work, everything), count),
        )
        for count in runners
        for name, legs in scenarios(work).items()
    ]
