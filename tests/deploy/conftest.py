"""Conversations with the real consumers, each in a Python environment of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.charts import extracted, source_of_charts
from tests.deploy.hub_of_chart import HubOfChart
from tests.environments import python_of

HERE = Path(__file__).parent
CHARTS = {"3.3.8": ("of-chart-3.3.8",), "4.2.0": ("of-chart-4.2.0",), "4.4.0": ("of-chart-4.4.0", "newest")}
"""Versions of the JupyterHub chart to the environments that its own configuration runs in."""
KUBESPAWNERS = ("newest", "of-chart-4.4.0")
EVERY_KUBESPAWNER = (*KUBESPAWNERS, "of-chart-3.3.8")
"""With the one before lists could be mappings."""
Ask = Callable[[Any], dict[str, Any]]


def conversation(python: Path, script: Path) -> Iterator[Ask]:
    """Start a driver and yield what asks it: one JSON line there, one back."""
    process = subprocess.Popen(
        [python, "-W", "ignore", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    def ask(question: Any) -> dict[str, Any]:
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, "the driver has ended"
        said: dict[str, Any] = json.loads(line)
        return said

    with process:
        yield ask
        stdin.close()


@pytest.fixture(scope="session", params=KUBESPAWNERS)
def kubespawner(request: pytest.FixtureRequest) -> Iterator[Ask]:
    python = python_of(f"kubespawner-{request.param}")
    yield from conversation(python, HERE / "kubespawner_driver.py")


@pytest.fixture(scope="session", params=EVERY_KUBESPAWNER)
def every_kubespawner(request: pytest.FixtureRequest) -> Iterator[Ask]:
    python = python_of(f"kubespawner-{request.param}")
    yield from conversation(python, HERE / "kubespawner_driver.py")


@pytest.fixture(scope="session")
def helm() -> Iterator[Ask]:
    yield from conversation(python_of("helm"), HERE / "helm_driver.py")


@pytest.fixture(
    scope="session",
    params=[(chart, name) for chart, names in CHARTS.items() for name in names],
    ids=lambda given: f"chart-{given[0]}-{given[1]}",
)
def hub(
    request: pytest.FixtureRequest, helm: Ask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HubOfChart]:
    """The hub of each version of the chart, with the chart's own code."""
    source = source_of_charts()
    if source is None:
        pytest.skip(
            "IMAGE_MATRIX_CHARTS names no git folder of zero-to-jupyterhub-k8s: its own code is not run"
        )
    version, name = request.param
    folder = tmp_path_factory.mktemp("chart")
    chart = extracted(source, version, folder)
    driver = HERE / "kubespawner_driver.py"
    for kubespawner in conversation(python_of(f"kubespawner-{name}"), driver):
        yield HubOfChart(version, chart, helm, kubespawner, folder)
