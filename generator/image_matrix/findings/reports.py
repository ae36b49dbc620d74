"""Reads the findings in the reports of scanners.

Sources: github.com/aquasecurity/trivy, pkg/types/report.go and pkg/fanal/types/const.go; github.com/anchore/grype,
grype/presenter/models; github.com/anchore/syft, syft/pkg/type.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.findings.model import ScanFinding, from_severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.release import Scanning

INSTALLERS = {
    **dict.fromkeys(("debian", "ubuntu", "deb"), "apt"),
    **dict.fromkeys(("python-pkg", "pip", "pipenv", "poetry", "uv", "python"), "pip"),
    **dict.fromkeys(("conda-pkg", "conda-environment", "conda"), "conda"),
    **dict.fromkeys(("node-pkg", "npm", "yarn", "pnpm"), "npm"),
    "R-package": "cran",
}
"""What a scanner calls a kind of package, to what installs it in an image."""


def findings(scanning: Scanning, report: Mapping[str, Any]) -> list[ScanFinding]:
    """Return the findings of a report that stop a release, the worst first, each once.

    Reports of other scanners than Trivy and Grype are not read. Raises :class:`ValueError` for a report that does not
    have the form of the scanner's.
    """
    readers = {"trivy": _trivy, "grype": _grype}
    read = readers.get(scanning.tool)
    counted = from_severity(scanning.severity)
    try:
        matching = {one for one in (read(report) if read else ()) if one.severity in counted}
    except (AttributeError, TypeError, LookupError) as error:
        raise ValueError(f"it does not have the form of a report of {scanning.tool}") from error
    return sorted(
        matching, key=lambda one: (counted.index(one.severity), one.id, one.package, one.installed, one.path)
    )


def _trivy(report: Mapping[str, Any]) -> Iterator[ScanFinding]:
    for result in report.get("Results") or ():
        installer = INSTALLERS.get(str(result.get("Type", "")), "")
        target = "" if result.get("Class") == "os-pkgs" else str(result.get("Target", ""))
        for item in result.get("Vulnerabilities") or ():
            yield ScanFinding(
                str(item.get("Severity", "")),
                str(item.get("VulnerabilityID", "")),
                str(item.get("PkgName", "")),
                str(item.get("InstalledVersion", "")),
                _versions(str(item.get("FixedVersion") or "")),
                installer,
                str(item.get("PkgPath") or target),
                tuple(str(one) for one in item.get("VendorIDs") or ()),
            )


def _versions(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


def _grype(report: Mapping[str, Any]) -> Iterator[ScanFinding]:
    for item in report.get("matches") or ():
        flaw, package = item["vulnerability"], item["artifact"]
        installer = INSTALLERS.get(str(package.get("type", "")), "")
        places = [] if installer == "apt" else package.get("locations") or []
        yield ScanFinding(
            str(flaw.get("severity", "")).upper(),
            str(flaw.get("id", "")),
            str(package.get("name", "")),
            str(package.get("version", "")),
            tuple(str(one) for one in (flaw.get("fix") or {}).get("versions") or ()),
            installer,
            str(places[0].get("path", "")).lstrip("/") if places else "",
            tuple(
                str(one["id"])
                for one in item.get("relatedVulnerabilities") or ()
                if one["id"] != flaw.get("id")
            ),
        )
