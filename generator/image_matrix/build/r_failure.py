"""Explains R packages that cannot be built from source, by what `R CMD INSTALL` of R 4.5 prints."""

from __future__ import annotations

import re

_END = re.compile(r"Execution halted$|Calls: ")
"""What Rscript prints below an error."""
_SOURCE = re.compile(r"installing \*source\* package \W(?P<name>[A-Za-z0-9.]+)\W")
_NO_COMPILER = re.compile(r"\b(?:make|cc|gcc|c\+\+|g\+\+|gfortran): (?:command )?not found")
_NOT_BUILT = re.compile(r"ERROR: (?:compilation|configuration) failed for package")


def is_closing_line(line: str) -> bool:
    """Say whether a line of Rscript only ends an error that stands above it."""
    return _END.match(line) is not None


def lacking(output: str) -> str:
    """Return what the last R package of an output lacks, as the end of a remedy: a compiler, or headers."""
    sources = [*_SOURCE.finditer(output)]
    if sources and _NO_COMPILER.search(output):
        return f"; the R package `{sources[-1]['name']}` needs a compiler: add `r-base-dev` to `apt`"
    if sources and _NOT_BUILT.search(output):
        return f"; if the R package `{sources[-1]['name']}` lacks a library, add the `-dev` package of it to `apt`"
    return ""
