"""Tells from the path of a file in an image which program reads it as JSON, and which additions that program takes."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JsonReader:
    """A program that reads files of some paths as JSON, each with a mapping in it."""

    name: str
    paths: re.Pattern[str]
    """End of the paths: before it is the prefix of an environment, a home, or nothing."""
    comments: bool = False
    """Whether comments, and commas behind last entries, are part of what it reads."""
    json5: bool = False
    """Whether it reads the same file as JSON5, too, if it is called ``.json5``."""
    passes_empty: bool = True
    """Whether a file of no bytes is like none."""


READERS = (
    # jupyter_core, application.py: `load_config_file`; jupyter_server, config_manager.py: `BaseJSONConfigManager.get`
    JsonReader(
        "Jupyter",
        re.compile(r"/(etc/jupyter|\.jupyter)/jupyter(_[a-z]+)*_config(\.d/[^/]+)?\.json"),
    ),
    # jupyter_client, kernelspec.py: `KernelSpec.from_resource_dir`
    JsonReader("Jupyter", re.compile(r"/share/jupyter/kernels/[^/]+/kernel\.json"), passes_empty=False),
    # jupyterlab_server, settings_utils.py: `_get_overrides`; config.py: `get_page_config`
    JsonReader(
        "JupyterLab",
        re.compile(r"/share/jupyter/lab/settings/(overrides\.d/[^/]+|overrides|page_config)\.json"),
        json5=True,
    ),
    # The same two, which read folders `labconfig` by jupyter_server's ConfigManager
    JsonReader(
        "JupyterLab",
        re.compile(
            r"/(etc/jupyter|\.jupyter)/labconfig/(page_config|default_setting_overrides)(\.d/[^/]+)?\.json"
        ),
    ),
    # github.com/microsoft/vscode, base/common/json.ts: `ParseOptions.DEFAULT` allows a comma behind the last entry
    JsonReader("code-server", re.compile(r"/code-server/(User|Machine)/settings\.json"), comments=True),
)


def json_reader(path: str) -> JsonReader | None:
    """Return what reads a file of an image as JSON, by its absolute path; ``None`` where nothing is certain."""
    matches = ((reader, reader.paths.search(path)) for reader in READERS)
    return next((reader for reader, match in matches if match and match.end() == len(path)), None)
