"""Reads what uv prints when it fails."""

from __future__ import annotations


def explanation(errors: str) -> str:
    """Return uv's message without its warnings and its line breaks."""
    kept = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("warning")]
    text = " ".join(kept).replace("error: ", "").replace("cause: ", "")
    return text.removeprefix("No solution found when resolving dependencies ").strip()


def reason(errors: str) -> str:
    """Return what uv could not do and the innermost cause, out of its chain of causes."""
    lines = [line.strip().removeprefix("cause: ") for line in errors.splitlines() if line.strip()]
    kept = [line.removeprefix("error: ") for line in lines if not line.startswith("warning")]
    if kept and kept[0].startswith("Couldn't parse requirement"):
        # it stands in a file of ours, which is gone; its text comes behind the cause, with carets below
        cause, requirement, *_ = *kept[1:], "", ""
        return f"uv: `{requirement}` is not a valid requirement: {cause}"
    fetched = next(
        (line for line in kept if line.startswith("Failed to fetch")), kept[0] if kept else "nothing"
    )
    return f"uv: {fetched}" + (f" ({kept[-1]})" if kept and kept[-1] != fetched else "")
