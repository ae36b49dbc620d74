"""Renders what users' pods have of their site's BuildKit: its address, and the certificate of a client.

Images of the kind ``buildx`` read both at start; others ignore them. So every pod of a site has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.buildkit import NAMESPACE_NAME, PORT, SELECTOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.sites import Site

VARIABLE = "BUILDKIT_HOST"
CERTIFICATES = "/etc/image-matrix/buildkit"
"""Where start scripts of images look for certificates: templates/rootfs/buildx."""
NAME = "buildkit-client"
LABEL = f"image-matrix/{NAME}"
"""Pods with this label get the PodDefault."""


def build_variables(site: Site) -> dict[str, str]:
    """Return the variables, none if the site has no BuildKit."""
    return {VARIABLE: site.buildkit.address} if site.buildkit else {}


def certificate_volumes(site: Site) -> list[dict[str, Any]]:
    """Return the volume with certificates, if the site names a Secret; a namespace without it still starts pods."""
    if not site.buildkit or not site.buildkit.client_tls:
        return []
    return [{"name": NAME, "secret": {"secretName": site.buildkit.client_tls, "optional": True}}]


def certificate_mounts(site: Site) -> list[dict[str, Any]]:
    """Return where the volume is mounted."""
    return [{"name": NAME, "mountPath": CERTIFICATES, "readOnly": True} for _ in certificate_volumes(site)]


def hub_storage(site: Site) -> dict[str, Any]:
    """Return ``singleuser.storage`` of the chart's values: mappings, which Helm joins, where the chart takes them."""
    volumes, mounts = certificate_volumes(site), certificate_mounts(site)
    if not volumes:
        return {}
    if "volumes" in site.chart.lists:
        return {"extraVolumes": volumes, "extraVolumeMounts": mounts}
    return {"extraVolumes": {NAME: volumes[0]}, "extraVolumeMounts": {NAME: mounts[0]}}


def hub_network(site: Site) -> dict[str, Any]:
    """Return ``singleuser.networkPolicy`` of the chart's values: users' pods may connect to a BuildKit that runs here.

    The chart's policy lets them reach no private address, and adds these rules to its own. Source: the JupyterHub
    chart, ``egressAllowRules`` in values.yaml and ``templates/_helpers-netpol.tpl``.
    """
    if not site.buildkit or site.buildkit.endpoint:
        return {}
    peer = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: site.buildkit.namespace}},
        "podSelector": {"matchLabels": SELECTOR},
    }
    return {"egress": [{"to": [peer], "ports": [{"protocol": "TCP", "port": PORT}]}]}


def preselected_labels(site: Site, environment: Mapping[str, str]) -> list[str]:
    """Return the label that the form preselects, unless the profile's own variables name another BuildKit.

    Kubeflow's webhook refuses to give a pod one variable twice.
    """
    return [LABEL] if site.buildkit and VARIABLE not in environment else []
