"""Joins everything that a matrix needs from the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.endpoints.clusters import cluster_needs
from image_matrix.endpoints.dockerfiles import dockerfile_needs, template_unknowns
from image_matrix.endpoints.images import image_needs
from image_matrix.endpoints.model import EndpointNeed, Endpoints, UnknownHosts
from image_matrix.endpoints.packages import package_needs
from image_matrix.endpoints.proxies import proxy_needs
from image_matrix.endpoints.publishing import scan_needs, sign_needs
from image_matrix.endpoints.runners import builder_needs, workflow_needs

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.lock.model import Lock


def needed_endpoints(loaded: Loaded, lock: Lock, custom_templates: frozenset[str] = frozenset()) -> Endpoints:
    """Return every host that the lock, builds, scans, signatures, releases and runs reach, and why.

    ``custom_templates`` are the paths below ``templates/`` that the repository brings itself. What a mirror replaces is
    left out.
    """
    everything = list(
        dict.fromkeys(
            [
                *image_needs(loaded, lock),
                *package_needs(loaded, lock),
                *dockerfile_needs(loaded),
                *template_unknowns(loaded, custom_templates),
                *builder_needs(loaded),
                *cluster_needs(loaded),
                *proxy_needs(loaded),
                *scan_needs(loaded),
                *sign_needs(loaded),
                *workflow_needs(loaded, lock),
            ]
        )
    )
    needs = tuple(item for item in everything if isinstance(item, EndpointNeed) and item.endpoint.host)
    return Endpoints(needs, tuple(item for item in everything if isinstance(item, UnknownHosts)))
