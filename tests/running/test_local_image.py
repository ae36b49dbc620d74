"""What of the matrix matters for a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.running.local_image import local_image
from tests.workflow.matrices import loaded, matrix

if TYPE_CHECKING:
    from image_matrix.running.model import LocalImage


def described(image: dict[str, object], **sections: object) -> LocalImage:
    text = matrix({"base": {"from": "debian", "kind": "base"}, "one": image}, **sections)
    return local_image(loaded(text), "one:default", "registry/one:1")


def test_an_ide_is_known_by_its_kind() -> None:
    image = described({"from": "base", "kind": "jupyter"})
    assert (image.name, image.contract, image.served, image.has_kind) == ("one", "notebook", "jupyter", True)


def test_an_image_without_a_kind_is_somebody_else_s() -> None:
    image = described({"from": "debian"})
    assert (image.contract, image.served, image.has_kind) == ("none", None, False)


def test_the_vendor_is_that_of_the_accelerator_s_device() -> None:
    cuda = {"cuda": {"device": "nvidia.com/gpu", "version": "13.0"}}
    assert described({"from": "base", "accelerator": "cuda"}, accelerators=cuda).vendor == "nvidia.com"
    assert described({"from": "base"}).vendor == ""
