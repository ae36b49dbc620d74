"""The chart of a HelmRelease beside a profile list: what to write, if it is not the one of the site."""

from __future__ import annotations

import pytest

from image_matrix.config.sites import Site
from image_matrix.importing.listed_chart import other_chart


@pytest.mark.parametrize(
    ("chart", "advice"),
    [
        ("3.3.8", 'write `chart: "3.3.8"` under `sites.hub`'),
        ("3.3.7", "write the versions of that hub, `jupyterhub` and `kubespawner`, in place of `chart`"),
    ],
)
def test_a_chart_is_advised_if_it_is_known(chart: str, advice: str) -> None:
    release = {"spec": {"chart": {"spec": {"chart": "jupyterhub", "version": chart}}}}
    said = other_chart("release.yaml", [release], Site())
    assert said is not None
    assert advice in said
    assert other_chart("release.yaml", [release], Site(declared_hub="4.1.5")) is None
