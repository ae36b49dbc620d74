"""Braces in what users read: the form of the real KubeSpawner has them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import yaml_files
from tests.deploy.support import deployed, small

if TYPE_CHECKING:
    from tests.deploy.conftest import Ask

TEXTS = """\
sizes: {small: {display_name: "{cpu} {"}}
profiles:
  data-science:
    display_name: "R {renv} of {username}"
    description: "{{ 7 * 7 }} {% set a = 1 %} {# none #} } {0!r:x}"
    profile_options:
      size: {display_name: "{size}", unlisted_choice: {display_name: "{a}", display_name_in_choices: "{{b}}"}}
"""


@pytest.mark.slow
def test_braces_in_texts_are_text(every_kubespawner: Ask) -> None:
    values = yaml_files.load(deployed(small(TEXTS))["deploy/hub/jupyterhub/values.yaml"])
    shown = every_kubespawner(values)["texts"]
    for text in (
        "R {renv} of {username}",
        "{{ 7 * 7 }} {% set a = 1 %} {# none #} } {0!r:x}",
        "{cpu} {",
        "{size}",
        "{a}",
        "{{b}}",
    ):
        assert text in shown
