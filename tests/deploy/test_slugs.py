"""The slugs that KubeSpawner computes from names, under which a hub has stored what users chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.profiles.slugs import slugify

if TYPE_CHECKING:
    from tests.deploy.conftest import Ask

SLUGS = {
    "C++": "c",
    "CUDA 12.4": "cuda-12-4",
    "Über": "uber",
    "GPU (1× NVIDIA)": "gpu-1x-nvidia",
    "Große Umgebung": "grosse-umgebung",
    "Środowisko małe": "srodowisko-male",
    "Stort miljø": "stort-miljo",
    "Окружение": "okruzhenie",
    "中型环境 (2 CPU)": "zhong-xing-huan-jing-2-cpu",
    "Python’s best": "pythons-best",
    "Don't panic": "don-t-panic",
    "1,000 GB": "1000-gb",
    "Größe ½ &amp; mehr": "grosse-1-2-mehr",
    "already-a-slug": "already-a-slug",
}


@pytest.mark.slow
def test_slugs_are_kubespawners(every_kubespawner: Ask) -> None:
    entries = [{"display_name": name} for name in SLUGS]
    said = every_kubespawner({"singleuser": {"profileList": entries}})
    assert said["slugs"] == list(SLUGS.values())
    assert [slugify(name) for name in SLUGS] == said["slugs"]
