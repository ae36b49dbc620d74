"""Words and options that people ask with, or know from other programs, and the commands that answer."""

from __future__ import annotations

ANSWERS = {
    **dict.fromkeys(("audit", "cve", "cves", "vulnerabilities", "vulns"), "scan"),
    **dict.fromkeys(("catalog", "page"), "render"),
    **dict.fromkeys(("changelog", "changes", "compare", "notes"), "diff"),
    **dict.fromkeys(("channel", "channels"), "promote"),
    **dict.fromkeys(("clean", "cleanup", "delete", "gc", "rmi"), "prune"),
    **dict.fromkeys(("dag", "deps", "tree"), "graph"),
    **dict.fromkeys(("du", "history", "layers", "size", "sizes"), "status --layers"),
    **dict.fromkeys(("bom", "find", "sbom", "search", "which"), "packages"),
    **dict.fromkeys(("generate", "write"), "render"),
    **dict.fromkeys(("images", "ls", "ps", "variants"), "list"),
    **dict.fromkeys(("lint", "validate"), "check"),
    **dict.fromkeys(("publish", "tag"), "release"),
    **dict.fromkeys(("start", "try"), "run"),
    **dict.fromkeys(("outdated", "update", "upgrade"), "lock --upgrade"),
    "push": "build --push",
    "rescan": "scan --released",
    "test": "verify",
}
GIT_ANSWERS = dict.fromkeys(
    ("recover", "revert", "rollback", "undo"),
    "take a release back with `git revert` on the release branch, and push that",
)
"""What git does instead of a command."""
OPTIONS = {
    **dict.fromkeys(
        (("diff", option) for option in ("--against", "--base", "--from", "--since")), "diff OLD"
    ),
    **dict.fromkeys((("diff", option) for option in ("--to", "--until")), "diff OLD NEW"),
    **dict.fromkeys((("check", option) for option in ("--base", "--from", "--since")), "check --against REV"),
}
"""Options that people expect of a command, and the call that does what they mean."""
