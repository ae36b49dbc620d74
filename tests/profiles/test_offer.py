"""What profiles offer: keys, order, defaults, and how much fits into a ConfigMap."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.profiles.offer import Offer, offers
from image_matrix.profiles.units import byte_count, for_kubespawner, human
from tests.deploy.support import small


def offered(overlay: str, slug: str = "data-science") -> Offer:
    loaded = small(overlay)
    return next(item for item in offers(loaded.matrix, loaded.variants) if item.slug == slug)


def image_keys(overlay: str) -> list[str]:
    return [choice.key for choice in offered(overlay).images]


def test_choices_have_the_order_and_the_names_of_the_matrix() -> None:
    names = "kjihgfedcba"
    sizes = "".join(f"  {name}: {{display_name: {name}}}\n" for name in names)
    offer = offered(f"sizes:\n{sizes}profiles: {{data-science: {{sizes: [{', '.join(names)}]}}}}")
    assert [choice.key for choice in offer.sizes] == list(names)
    assert [choice.key for choice in offer.sizes if choice.default] == ["k"]


def test_the_first_variant_has_the_images_key() -> None:
    assert image_keys("{}") == ["jupyter-scipy", "jupyter-scipy-python3-11"]
    assert image_keys("profiles: {data-science: {axes: {python: ['3.11', '3.13']}}}") == [
        "jupyter-scipy", "jupyter-scipy-python3-13",
    ]  # fmt: skip
    only = offered("profiles: {data-science: {axes: {python: '3.11'}}}")
    assert [choice.image_id for choice in only.images] == ["jupyter-scipy:python3.11"]


def test_without_axes_each_image_has_one_variant() -> None:
    offer = offered("profiles: {more: {display_name: More, images: [jupyter, jupyter-scipy]}}", "more")
    assert [choice.image_id for choice in offer.images] == [
        "jupyter:python3.13",
        "jupyter-scipy:python3.13",
    ]


def test_variants_of_one_image_are_called_by_their_axes() -> None:
    assert [choice.display_name for choice in offered("{}").images] == ["Python 3.13", "Python 3.11"]
    two = offered("profiles: {data-science: {images: [jupyter, jupyter-scipy]}}")
    assert [choice.display_name for choice in two.images] == [
        "jupyter, Python 3.13", "jupyter, Python 3.11", "jupyter-scipy, Python 3.13", "jupyter-scipy, Python 3.11",
    ]  # fmt: skip


def test_there_is_one_default_of_everything() -> None:
    loaded = small("{}")
    found = offers(loaded.matrix, loaded.variants)
    assert [offer.default for offer in found] == [True, False]
    for offer in found:
        assert sum(choice.default for choice in offer.images) == 1
        assert sum(choice.default for choice in offer.sizes) == 1


def test_order_then_deprecated_and_no_former_names() -> None:
    loaded = small(
        "profiles: {data-science: {order: 60, aliases: [was]},"
        " old: {display_name: Old, images: [jupyter], order: 1, deprecated: {successor: gpu, message: Soon.}}}"
    )
    found = offers(loaded.matrix, loaded.variants)
    assert [offer.slug for offer in found] == ["gpu", "data-science", "old"]
    assert found[2].display_name == "Old (deprecated)"
    assert found[2].description == "Deprecated: use GPU. Soon."
    assert found[0].default


@pytest.mark.slow
def test_more_choices_than_a_config_map_holds() -> None:
    sizes = {f"s{at}": at for at in range(120)}
    listed = "".join(f"  {name}: {{display_name: Size {at}, shm: 1Gi}}\n" for name, at in sizes.items())
    entries = "".join(
        f"  p{at}: {{display_name: P{at}, images: [jupyter-scipy], sizes: [{', '.join(sizes)}]}}\n"
        for at in range(40)
    )
    with pytest.raises(MatrixError) as raised:
        small(f"sizes:\n{listed}profiles:\n{entries}")
    (found,) = raised.value.diagnostics
    assert found.code == "IM720"
    assert found.message.endswith("the limit is 900 KiB")


def test_amounts() -> None:
    assert byte_count("1.5Gi") == 1610612736
    assert byte_count(1024) == 1024
    assert for_kubespawner("8Gi") == "8G"
    assert for_kubespawner(1024) == 1024
    assert (human(4 * 1024**3), human(1610612736), human(None)) == ("4Gi", "1536Mi", "")
