"""Makes links of pages: beside a page, and from a drawing into the page.

GitHub draws Mermaid in a frame of another host: links of nodes work there only with a whole address, and in a window of
their own. Source: github.com/dxos/dxos/pull/6873; mermaid.js.org/syntax/flowchart.html, "Interaction".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.annotations import SOURCE

if TYPE_CHECKING:
    from collections.abc import Collection

    from image_matrix.config.model import Matrix, Variant

_REPOSITORY = re.compile(r"(https://[A-Za-z0-9.:-]+/[\w.-]+/[\w.-]+?)(?:\.git)?/?")
_OTHER_HOST = re.compile(r"https://([\w-]+\.)*(gitlab|gitea|forgejo|codeberg|bitbucket)\.")
"""Hosts that have files at other addresses than GitHub."""


def anchor(image: str) -> str:
    """Return the id of an image's heading; GitHub leaves some characters out."""
    return re.sub(r"[./]", "", image)


def node_links(matrix: Matrix, variants: Collection[Variant], page: str) -> dict[str, str]:
    """Return the address of each image's section of a page, if a label says where the repository is.

    ``HEAD`` is the default branch, for GitHub. Hosts that have files at other addresses get no links.
    """
    labels = (matrix.defaults.labels, *(item.labels for item in variants))
    source = next((one[SOURCE] for one in labels if one.get(SOURCE)), "")
    repository = _REPOSITORY.fullmatch(source)
    if repository is None or _OTHER_HOST.match(source):
        return {}
    return {item.image: f"{repository[1]}/blob/HEAD/{page}#{anchor(item.image)}" for item in variants}


def dockerfile_link(item: Variant) -> str:
    """Return the path of a variant's Dockerfile from the folder of the pages, as the target of a link."""
    return f"<../{item.build.dockerfile}>" if item.build else f"../{item.dockerfile}"
