"""No check is left out of the images that are broken on purpose: a check that never failed may not be able to."""

from __future__ import annotations

from image_matrix.config.accelerators import Accelerator
from image_matrix.config.model import TEST_KINDS
from image_matrix.verify.accelerators import KNOWN, accelerator_names
from image_matrix.verify.image_tests import WORDS
from image_matrix.verify.model import Subject
from image_matrix.verify.scenarios import scenarios
from tests.e2e.test_verify import BROKEN

SEEN = {check for breakage in BROKEN for check in breakage.checks}
WITH_A_TEST_OF_ITS_OWN = {"device"}


def test_the_contract() -> None:
    cuda = Accelerator("cuda", version="13.0", device="nvidia.com/gpu")
    subject = Subject("a:b", "c", "jupyter", accelerator=cuda, packages=frozenset(KNOWN), builds_images=True)
    assert {check for one in scenarios(subject) for check in one.checks} - SEEN == WITH_A_TEST_OF_ITS_OWN


def test_code_server() -> None:
    subject = Subject("a:b", "c", "codeserver", extensions={"team.tool": "1.0.0"})
    assert {check for one in scenarios(subject) for check in one.checks} <= SEEN


def test_an_image_s_own_tests() -> None:
    assert set(WORDS) == set(TEST_KINDS)
    assert {
        word for word in WORDS.values() if not any(check.startswith(f"{word} ") for check in SEEN)
    } == set()
    assert "packages" in SEEN


def test_accelerators() -> None:
    for device in ("nvidia.com/gpu", "habana.ai/gaudi"):
        accelerator = Accelerator("x", device=device)
        names = accelerator_names(Subject("a:b", "c", accelerator=accelerator, packages=frozenset(KNOWN)))
        assert names
        assert {*names} <= SEEN
