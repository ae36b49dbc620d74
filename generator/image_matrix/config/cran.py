"""Knows where packages of R come from: binary packages of one day, for each release of a distribution.

Source: docs.posit.co/rspm, "Using a specific date" and "Binary packages"; the step ``cran`` of Dockerfiles has the same
addresses.
"""

from urllib.parse import urlsplit

REPOSITORY = "https://p3m.dev/cran"
BIOCONDUCTOR = "https://p3m.dev/bioconductor"


def api_addresses(repository: str) -> tuple[str, str]:
    """Return where a Posit Package Manager answers for itself, and for a repository of it.

    Source: the paths of its pages ``__api__/swagger``; r-lib/pak asks the same for system requirements.
    """
    parts = urlsplit(repository)
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    api = f"{parts.scheme}://{parts.netloc}{folder}/__api__"
    return f"{api}/status", f"{api}/repos/{name or 'cran'}"
