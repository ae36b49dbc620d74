from __future__ import annotations

import pytest

from image_matrix.config.amounts import as_amount
from image_matrix.config.key_places import belongs
from image_matrix.config.schema import is_field


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        (("release",), "rescan", "`rescan` belongs below `workflow`"),
        (("images", "base", "apt"), "snapshot", "`snapshot` belongs below `defaults.images.apt`"),
        (("defaults",), "platforms", "`platforms` belongs below `defaults.images`"),
        (("sites", "hub", "buildkit"), "schedule", "`schedule` belongs below `sites.NAME.buildkit.job`"),
        ((), "chart", "`chart` belongs below `sites.NAME`"),
        (("workflow",), "registry", "`registry` belongs at the top of the matrix"),
        (("workflow",), "description", ""),
        ((), "nothing", ""),
    ],
)
def test_where_a_key_belongs(path: tuple[str, ...], key: str, place: str) -> None:
    assert belongs(path, key) == place
    assert not is_field((*path, key))


@pytest.mark.parametrize(
    ("field", "text", "amount"),
    [
        ("cpu", "500m", 0.5),
        ("cpu", "2000m", 2),
        ("cpu", "0.5", 0.5),
        ("memory", "4GB", "4Gi"),
        ("memory", "1.5 g", "1.5Gi"),
        ("memory", "512Mi", "512Mi"),
        ("memory", "much", "much"),
        ("shm", "4GB", "4GB"),
    ],
)
def test_amounts_of_other_notations(field: str, text: str, amount: object) -> None:
    assert as_amount(field, text) == amount
