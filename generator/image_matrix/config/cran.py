"""Knows where packages of R come from: binary packages of one day, for each release of a distribution.

Source: docs.posit.co/rspm, "Using a specific date" and "Binary packages"; the step ``cran`` of Dockerfiles has the same
addresses.
"""

REPOSITORY = "https://p3m.dev/cran"
BIOCONDUCTOR = "https://p3m.dev/bioconductor"
