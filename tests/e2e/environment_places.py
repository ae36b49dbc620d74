"""Places of a container where programs start, and which variables they have there: the table of the guide, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Source = Literal["image", "pod", "init", "conda", "path"]
SOURCES: tuple[Source, ...] = ("image", "pod", "init", "conda", "path")
"""``env`` of the image; of the pod; an init script; conda's activation; a folder that an accelerator puts into PATH."""
OF_CONTAINER: frozenset[Source] = frozenset({"image", "pod", "path"})
EVERY = frozenset(SOURCES)
NONE: frozenset[Source] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the guide's table."""

    label: str
    seen: frozenset[Source]
    commands: tuple[tuple[str, ...], ...] = ()
    """What is run in the container, and prints its environment; none where ``probed`` says it."""
    probed: tuple[str, ...] = ()
    """Its names in the probe of ``verify``."""


PRINT = "env -0"
KEPT = "/tmp"  # noqa: S108 - in the container
"""Where programs that the container has started left what they had."""
AS_CRON = ("env", "-i", "HOME=/home/jovyan", "LOGNAME=jovyan", "PATH=/usr/bin:/bin", "SHELL=/bin/sh")
"""How cron starts a job (crontab(5))."""
JUPYTER = (
    Place(
        "services in /etc/services.d, later init scripts", EVERY,
        (("cat", f"{KEPT}/service"), ("cat", f"{KEPT}/init")),
    ),
    Place("kernels and terminals of JupyterLab", EVERY, probed=("kernel", "terminal")),
    Place("`tmux` and `screen` in a terminal", EVERY, (("cat", f"{KEPT}/tmux"),)),
    Place("`kubectl exec -it POD -- bash`, `… bash -lc COMMAND`", EVERY, probed=("prompt", "shell")),
    Place("`kubectl exec POD -- with-contenv PROGRAM`", EVERY, (("with-contenv", *PRINT.split()),)),
    Place(
        "`kubectl exec POD -- PROGRAM`, `… sh -c COMMAND`, `… bash -c COMMAND`", OF_CONTAINER,
        (tuple(PRINT.split()), ("sh", "-c", PRINT), ("bash", "-c", PRINT)),
    ),
    Place("a job of cron, or of whatever drops variables", NONE, ((*AS_CRON, "sh", "-c", PRINT),)),
    Place(
        "the same with `with-contenv COMMAND`, or with `bash -lc COMMAND`", EVERY,
        ((*AS_CRON, "/command/with-contenv", "sh", "-c", PRINT), (*AS_CRON, "bash", "-lc", PRINT)),
    ),
)  # fmt: skip
COMMAND = Place("the command of the container, servers that JupyterHub starts", EVERY)
CODE_SERVER = Place(
    "code-server, its extensions and terminals", EVERY, probed=("code-server", "code-server's terminal")
)
IN_CODE_SERVER: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("GITHUB_TOKEN", "HASHED_PASSWORD", "PASSWORD"), frozenset()),
    **dict.fromkeys(("DEBUG", "NODE_OPTIONS"), frozenset({"terminals"})),
    **dict.fromkeys(("CODE_SERVER_X", "CS_X", "ELECTRON_X", "SNAP_X", "VSCODE_X"), frozenset({"extensions"})),
}
"""Variables of the container that code-server and VS Code hold back, with where they arrive all the same."""
RSTUDIO = Place("sessions and terminals of RStudio", EVERY, probed=("rstudio", "rstudio's terminal"))
PLACES = (JUPYTER[0], COMMAND, JUPYTER[1], CODE_SERVER, RSTUDIO, *JUPYTER[2:])
"""All of them, in the order of the page."""
