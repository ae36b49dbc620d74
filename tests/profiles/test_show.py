"""``profiles show`` on a terminal of 80 columns: everything that a pod gets, also by overrides of KubeSpawner."""

from __future__ import annotations

import os
from dataclasses import asdict

from image_matrix.cli.table import table
from image_matrix.profiles.offer import offers
from image_matrix.profiles.pod import offered_pods
from image_matrix.profiles.pod_text import profile_cells
from tests.deploy.support import PROFILES, references, small

FOLDER = PROFILES / "show"


def test_data_tells_no_limit_from_the_limit_of_the_hub() -> None:
    loaded = small(
        "sizes: {small: {memory: {limit: none}, cpu: null}, large: {cpu: {limit: none}, memory: null}}"
    )
    pods = offered_pods(loaded.matrix, offers(loaded.matrix, loaded.variants), references(loaded))
    amounts = {row.size.key: asdict(row.pod) for row in pods if row.offer.slug == "data-science"}
    assert [(pod["cpu_limit"], pod["memory_limit"]) for pod in amounts.values()] == [(None, None)] * 2
    assert [pod["unlimited"] for pod in amounts.values()] == [("memory",), ("cpu",)]


def test_everything_that_a_pod_gets() -> None:
    loaded = small((FOLDER / "matrix.yaml").read_text(encoding="utf-8"))
    offered = offers(loaded.matrix, loaded.variants)
    pods = offered_pods(loaded.matrix, offered, references(loaded))
    profiles = profile_cells(pods, loaded.matrix.registry)
    rows = [row for profile in profiles for item in profile.items for row in item]
    text = table(("profile", "pod"), rows, 80)
    if os.environ.get("IMAGE_MATRIX_UPDATE") == "1":
        (FOLDER / "expected.txt").write_text(text, encoding="utf-8")
    assert text == (FOLDER / "expected.txt").read_text(encoding="utf-8")


def test_a_taint_that_several_tolerations_name_is_shown_once() -> None:
    taint = "{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}"
    loaded = small(f"sizes: {{gpu: {{tolerations: [{taint}, {taint.replace('NoSchedule', 'NoExecute')}]}}}}")
    pods = offered_pods(loaded.matrix, offers(loaded.matrix, loaded.variants), references(loaded))
    rows = [
        row
        for profile in profile_cells(pods, loaded.matrix.registry)
        for item in profile.items
        for row in item
    ]
    assert [text for _, text in rows if "tolerates" in text] == ["tolerates nvidia.com/gpu"]
