"""`make demo`: runs test_loop.py, and prints its story alone; where a step fails, why, and where the rest is.

The last line says whether everything held, or what failed, and how long it took.

Exit codes are the program's: 0, 1 for a step that failed, 3 where something is missing.
"""

from __future__ import annotations

import sys
import time
from itertools import takewhile
from pathlib import Path

import pytest

from tests.cluster.story import told

LOOP = Path(__file__).parent / "test_loop.py"
DETAILS = Path("build") / "demo.log"
FAILED, MISSING = 1, 3
LONGEST = 800
"""Characters of a line of a reason: what `until` waited for in vain can be long."""


class Teller:
    """Says what pytest would say in its own way."""

    def __init__(self) -> None:
        self.code = 0
        self.held = False
        self.failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say what failed or is missing."""
        self.held = self.held or (report.passed and report.when == "call")
        if report.failed:
            self.fail(words(report.nodeid.rpartition("::")[2]), report.longreprtext)
        if report.skipped and isinstance(report.longrepr, tuple):
            self.miss(str(report.longrepr[2]).removeprefix("Skipped: "))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Say why there is no test."""
        if report.failed:
            self.fail("collecting the steps", report.longreprtext)

    def pytest_keyboard_interrupt(self) -> None:
        """Say why it does not end at once."""
        print(told("stopping", "what was made in the cluster is removed"), flush=True)

    def miss(self, what: str) -> None:
        if not self.code:
            print(f"missing: {what}", flush=True)
        self.code = self.code or MISSING

    def fail(self, step: str, details: str) -> None:
        """Say what a step reports in a line or two, and keep all of it in a file."""
        DETAILS.parent.mkdir(exist_ok=True)
        with DETAILS.open("a" if self.code == FAILED else "w", encoding="utf-8") as file:
            file.write(f"{details}\n")
        said = [line.removeprefix("E").strip() for line in details.splitlines() if line.startswith("E ")]
        print(told("FAILED", step))
        reason = takewhile(lambda line: not line.startswith("assert "), said)
        for line in (*reason,) or said[:1] or details.splitlines()[:1]:
            print(told("", line.removeprefix("AssertionError: ")[:LONGEST]))
        print(told("", f"details: {DETAILS}"), flush=True)
        self.code = FAILED
        self.failed = self.failed or step

    def close(self, seconds: float) -> None:
        """Say what came of it all, if it came to its end."""
        if self.failed:
            print(f"\nFailed after {seconds:.0f} s: {self.failed}", flush=True)
        elif self.held and not self.code:
            print(f"\nEverything held. It took {seconds:.0f} s, clearing up included.", flush=True)


def words(test: str) -> str:
    """Return the name of a test as a sentence has it."""
    return test.removeprefix("test_").replace("_", " ")


def main() -> int:
    """Run the loop up to the first step that fails."""
    teller, began = Teller(), time.monotonic()
    options = ("-m", "cluster", "--capture=no", "--exitfirst", "--override-ini=addopts=", "-p", "no:terminal")
    code = pytest.main([str(LOOP), *options], plugins=[teller])
    if code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        teller.close(time.monotonic() - began)
    return teller.code or int(code)


if __name__ == "__main__":
    sys.exit(main())
