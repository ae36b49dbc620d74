"""A Kubernetes cluster that tests may do anything to, asked with kubectl."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

Object = dict[str, Any]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster of a kubeconfig."""

    program: Path
    kubeconfig: Path
    cache: Path

    def kubectl(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run kubectl to its end, whatever comes of it."""
        options = (f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.cache}")
        return subprocess.run(
            [self.program, *options, *arguments], input=given, capture_output=True, text=True, check=False
        )

    def apply(self, objects: Iterable[Object], *options: str) -> str:
        """Apply objects server-side, or fail with what the API server said; return its warnings."""
        done = self.applied(objects, *options)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def applied(self, objects: Iterable[Object], *options: str) -> subprocess.CompletedProcess[str]:
        """Apply objects server-side, whatever comes of it."""
        return self.kubectl("apply", "--server-side", "--filename=-", *options, given=text_of(objects))

    def drift(self, objects: Iterable[Object]) -> str:
        """Return what applying objects would change; nothing where they are as applied."""
        done = self.kubectl("diff", "--server-side", "--filename=-", given=text_of(objects))
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    def get(self, kind: str, name: str, namespace: str = "default") -> Object | None:
        """Return an object; ``None`` if there is none."""
        done = self.kubectl(
            "get", kind, name, f"--namespace={namespace}", "--output=json", "--ignore-not-found"
        )
        assert done.returncode == 0, done.stderr
        found: Object | None = json.loads(done.stdout) if done.stdout else None
        return found

    def all(self, kind: str, *options: str) -> list[Object]:
        """Return every object of a kind."""
        done = self.kubectl("get", kind, "--output=json", *(options or ("--all-namespaces",)))
        assert done.returncode == 0, done.stderr
        found: list[Object] = json.loads(done.stdout)["items"]
        return found

    def kinds(self) -> set[tuple[str, str]]:
        """Return the API groups and kinds that the API server knows."""
        lines = self.kubectl("api-resources", "--no-headers").stdout.splitlines()
        return {(line.split()[-3].rpartition("/")[0], line.split()[-1]) for line in lines}

    def has(self, kind: str) -> bool:
        """Does the API server know a kind, as ``PLURAL.GROUP``?"""
        _, _, group = kind.partition(".")
        return kind in self.kubectl("api-resources", f"--api-group={group}", "--output=name").stdout.split()

    def delete_all(self, objects: Iterable[Object]) -> None:
        """Delete objects, and wait until they are gone."""
        done = self.kubectl(
            "delete", "--filename=-", "--ignore-not-found", "--timeout=120s", given=text_of(objects)
        )
        assert done.returncode == 0, done.stderr

    def delete(self, kind: str, *names: str, namespace: str = "default", wait: bool = True) -> None:
        """Delete objects, those that are not there, too."""
        options = (f"--namespace={namespace}", "--ignore-not-found", f"--wait={str(wait).lower()}")
        done = self.kubectl("delete", kind, *names, *options, "--timeout=120s")
        assert done.returncode == 0, done.stderr


def text_of(objects: Iterable[Object]) -> str:
    """Return objects as kubectl reads them."""
    return yaml.safe_dump_all(objects, sort_keys=False)


def until(look: Callable[[], Found | None], what: Callable[[], object], seconds: float = 120) -> Found:
    """Look until there is something; fail at the deadline with what there is instead."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError(f"not after {seconds:.0f} s: {what()}")


def condition(item: Object | None, kind: str = "Ready") -> Object:
    """Return a condition of an object's status, where it is about the newest spec; nothing otherwise."""
    for one in (item or {}).get("status", {}).get("conditions") or ():
        fresh = one.get("observedGeneration", 0) in (0, (item or {})["metadata"].get("generation", 0))
        if one["type"] == kind and fresh:
            return dict(one)
    return {}
