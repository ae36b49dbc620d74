"""How long jobs take on N runners.

Legs are scheduled as GitHub does it: whatever is ready waits in one queue, first come first served, and takes the next
free runner; a job is ready when all legs of the jobs that it needs have ended.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Task:
    """One job with its legs."""

    name: str
    legs: tuple[float, ...]
    """Seconds of each leg."""
    needs: tuple[str, ...] = ()


def makespan(tasks: Iterable[Task], runners: int) -> float:
    """Return the seconds until the last task has ended; tasks of equal age start in the order given."""
    listed = {task.name: task for task in tasks}
    order = {name: at for at, name in enumerate(listed)}
    waiting = {name: {need for need in task.needs if need in listed} for name, task in listed.items()}
    left = {name: len(task.legs) for name, task in listed.items()}
    queue = [(0.0, order[name], name) for name, needs in waiting.items() if not needs]
    pending = [(ready, at, seconds, name) for ready, at, name in queue for seconds in listed[name].legs]
    running: list[tuple[float, str]] = []
    now, free = 0.0, runners
    heapq.heapify(pending)
    while pending or running:
        while pending and free:
            _, _, seconds, name = heapq.heappop(pending)
            heapq.heappush(running, (now + seconds, name))
            free -= 1
        now, name = heapq.heappop(running)
        free += 1
        left[name] -= 1
        if left[name] == 0:
            for child, needs in waiting.items():
                if name in needs:
                    needs.discard(name)
                    if not needs:
                        for seconds in listed[child].legs:
                            heapq.heappush(pending, (now, order[child], seconds, child))
    return now
