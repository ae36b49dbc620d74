"""The contract as pure judgements: what the probe saw, to what is wrong with it (empty: nothing).

Kubeflow's part: example-notebook-servers/README.md of kubeflow/notebooks; JupyterHub's: KubeSpawner's defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from image_matrix.verify.in_container.probe import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Facts = dict[str, Any]
"""What :func:`image_matrix.verify.in_container.probe.facts` returns."""
Page = dict[str, Any]
"""What :func:`image_matrix.verify.in_container.probe.get` returns."""

USER = "jovyan"
UID = 1000
HOME = "/home/jovyan"
PORT = 8888
FS_GROUP = 100
"""The group that platforms give to volumes: Kubeflow's DefaultFSGroup, the JupyterHub chart's ``fsGid``."""
FOREIGN = 1000650000
"""A user id such as OpenShift gives to a namespace; the same number is the volume's group."""
PREFIX = "/notebook/team/name"
"""A prefix as Kubeflow's notebook controller makes it: without a slash at the end."""
SUPERVISOR = "s6-svscan"
"""What /init becomes."""
INIT_MARK, HOME_MARK, LEFT_MARK = "@init ", "@home ", "@left "
"""How lines of :data:`image_matrix.verify.scenarios.COMMAND` begin: what runs it, the home, and what was left there."""
ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - what is looked for, not what is bound


def user(facts: Facts) -> str:
    """The user has a name, which tools such as ssh and git want."""
    return "" if facts["user"] == USER else f"the user is {facts['user'] or 'nameless'}, not {USER}"


def uid(facts: Facts, wanted: int = UID) -> str:
    """The user's id, exactly; and no process of root."""
    if facts["uid"] != wanted:
        return f"the user id is {facts['uid']}, not {wanted}"
    roots = [f"{item['name']} ({item['pid']})" for item in facts["processes"] if item["uid"] == 0]
    return f"processes of root: {', '.join(roots)}" if roots and wanted else ""


def gid(facts: Facts, extra: int) -> str:
    """Primary group 0, so that any user id can work (OpenShift); and the volume's group."""
    if facts["gid"] != 0:
        return f"the primary group is {facts['gid']}, not 0"
    return "" if extra in facts["groups"] else f"the volume's group {extra} is not among {facts['groups']}"


def home(facts: Facts) -> str:
    """The home is where platforms mount the volume."""
    return "" if facts["home"] == HOME else f"HOME is {facts['home'] or 'not set'}, not {HOME}"


def first_process(facts: Facts) -> str:
    """The first process supervises: a shell there would neither pass signals on nor reap."""
    first = next((item for item in facts["processes"] if item["pid"] == 1), None)
    if first is None:
        return "there is no process 1"
    return f"process 1 is {first['name']}, a shell" if first["name"] in SHELLS else ""


SHELLS = ("sh", "bash", "dash", "ash", "zsh", "busybox")


def ports(facts: Facts, wanted: Sequence[int]) -> str:
    """Nobody but the IDE's port is reachable from outside, and that one on every address."""
    outside = [item for item in facts["listening"] if not loopback(item["address"])]
    others = sorted({f"{item['port']}/{item['protocol'][:3]} on {item['address']}" for item in outside
                     if item["port"] not in wanted or not item["protocol"].startswith("tcp")})  # fmt: skip
    if others:
        return f"also listening: {', '.join(others)}"
    open_to_all = {item["port"] for item in outside if item["address"] in ALL_ADDRESSES}
    missing = [str(port) for port in wanted if port not in open_to_all]
    return f"not listening on every address: {', '.join(missing)}" if missing else ""


def loopback(address: str) -> bool:
    """Say whether an address is the container's own."""
    return address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")


def zombies(seen: Mapping[str, Any]) -> str:
    """The first process reaps orphans."""
    return f"not reaped: {', '.join(seen['zombies'])}" if seen["zombies"] else ""


def volume(seen: Mapping[str, Any]) -> str:
    """A really empty volume, group-owned as fsGroup leaves it, is filled from the template and can be worked on."""
    if seen["stopping"]:
        return "an init script failed: the container stops"
    if seen["written"]:
        return str(seen["written"])
    if seen["missing"]:
        return f"not copied from the home template: {', '.join(seen['missing'])}"
    return f"not the volume's group's: {', '.join(seen['group'])}" if seen["group"] else ""


def page(answer: Page, path: str) -> str:
    """A page is there: 200 in the end, and every redirect stays below the prefix."""
    if answer["status"] == 0:
        return f"no answer on {path} within {answer['seconds']:.0f} s ({answer['error']})"
    if answer["location"] and answer["status"] in range(300, 400):
        return f"{answer['hops'][-1]} redirects to {answer['location']}, outside the prefix"
    way = f" (by {' → '.join(answer['hops'])})" if len(answer["hops"]) > 1 else ""
    return "" if answer["status"] == 200 else f"{path} answers {answer['status']}{way}"


def cors(answer: Page) -> str:
    """The header that Kubeflow's dashboard needs."""
    value = answer["headers"].get("access-control-allow-origin")
    return "" if value == "*" else f"Access-Control-Allow-Origin is {value or 'not sent'}, not *"


def outside(answer: Page, path: str, prefix: str) -> str:
    """Nothing is served outside the prefix, where another user's server may be; a way back into it is no page."""
    if 200 <= answer["status"] < 300:
        return f"{path}, outside the prefix, answers {answer['status']}"
    if 300 <= answer["status"] < 400 and not _below(prefix, path, answer["location"]):
        return f"{path}, outside the prefix, redirects to {answer['location'] or 'nowhere'}, outside it too"
    return ""


def _below(prefix: str, path: str, location: str) -> bool:
    there = urlsplit(urljoin(f"http://{HOST}{path}", location))
    return there.netloc == HOST and f"{there.path}/".startswith(prefix)


def websocket(answer: Page, path: str) -> str:
    """A connection can be upgraded: kernels, terminals and the whole of code-server talk over websockets."""
    if answer["status"] == 0:
        return f"no answer on {path} ({answer['error']})"
    if answer["status"] != 101:
        return f"{path} answers {answer['status']} where a websocket is asked for, not 101"
    return "" if answer["accepted"] else f"{path} answers with the Sec-WebSocket-Accept of another question"


def ended(code: int | None, seconds: float, wanted: Sequence[int], grace: float) -> str:
    """An end by itself, in time, with the code that is due."""
    if code is None:
        return f"still running {grace:.0f} s later"
    expected = " or ".join(map(str, wanted))
    return "" if code in wanted else f"exit code {code} after {seconds:.1f} s, not {expected}"


def under_init(log: str) -> str:
    """A command runs under /init: its first process supervises, and says where it keeps its state."""
    said = next((line for line in log.splitlines() if line.startswith(INIT_MARK)), INIT_MARK)
    first, _, run = said.removeprefix(INIT_MARK).partition(" ")
    if first != SUPERVISOR:
        return f"process 1 is {first or 'not to be seen'}, not {SUPERVISOR} of /init"
    return "" if run else "IMAGE_MATRIX_RUN, which /init sets, is not in its environment"


def refused(code: int | None, log: str, value: str) -> str:
    """A bad prefix ends the container with a reason in its last lines."""
    if code is None:
        return f"NB_PREFIX={value!r}: the container goes on running"
    if code == 0:
        return f"NB_PREFIX={value!r}: the container ends with 0, as if all were well"
    said = "\n".join(log.splitlines()[-3:])
    return "" if "NB_PREFIX" in said else f"NB_PREFIX={value!r}: no word about NB_PREFIX in the last lines"


def sent_to_login(answer: Page) -> str:
    """Without the hub's token nobody gets in: the hub's login is asked."""
    if answer["status"] in (301, 302, 303) and answer["location"].startswith("/hub/"):
        return ""
    return f"without a token it answers {answer['status']} {answer['location']}, not with the hub's login"


def entered(answer: Page, prefix: str) -> str:
    """The user gets to the IDE by the hub's login."""
    if answer["status"] == 0:
        return f"no page after the login ({answer['error']})"
    last = answer["hops"][-1]
    if answer["status"] != 200:
        return f"{last} answers {answer['status']} after the login"
    return "" if last.startswith(prefix) else f"the login ends on {last}, outside {prefix}"


def kept_out(answer: Page) -> str:
    """Another user of the hub is refused."""
    if answer["status"] == 403:
        return ""
    return f"another user of the hub gets {answer['status']} from {answer['hops'][-1]}, not 403"


def cookies(answer: Page, prefix: str) -> str:
    """The cookie that lets the user in goes to this server alone, not to another user's."""
    found = {name: path for name, path in answer["cookies"].items() if name.startswith("jupyterhub-user-")}
    wide = [f"{name} ({path})" for name, path in found.items() if path != prefix]
    if wide:
        return f"sent to more than {prefix}: {', '.join(wide)}"
    return "" if found else "the login left no cookie of the server"


def activity(log: str, name: str) -> str:
    """The server tells the hub when it was used, so that idle ones can be culled: seen in the hub's log."""
    told = f"200 POST /hub/api/users/{name}/activity ({name}@"
    return "" if told in log else "the server tells the hub nothing"


def left(log: str) -> str:
    """The build left nothing in the home: caches make images large, and root's files are in the user's way."""
    lines = log.splitlines()
    if f"{HOME_MARK}{HOME}" not in lines:
        seen = next((line.removeprefix(HOME_MARK) for line in lines if line.startswith(HOME_MARK)), "")
        return f"the home is {seen or 'not there'}, not {HOME}"
    found = [line.removeprefix(LEFT_MARK) for line in lines if line.startswith(LEFT_MARK)]
    shown = ", ".join(found[:3])
    return f"{len(found)} paths of another user in the image's home: {shown}" if found else ""
