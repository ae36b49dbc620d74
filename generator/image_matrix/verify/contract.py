"""Judges the answers of the probe by the contract: each function returns the problem, or an empty text.

Source of Kubeflow's part: example-notebook-servers/README.md of kubeflow/notebooks. Source of JupyterHub's part:
KubeSpawner's defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from image_matrix.config.home import HOME
from image_matrix.text import plural
from image_matrix.verify.in_container.probe import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Facts = dict[str, Any]
"""What :func:`image_matrix.verify.in_container.probe.facts` returns."""
Page = dict[str, Any]
"""What :func:`image_matrix.verify.in_container.probe.get` returns."""

USER = "jovyan"
UID = 1000
PORT = 8888
FS_GROUP = 100
"""The group that platforms give to volumes: Kubeflow's DefaultFSGroup, the JupyterHub chart's ``fsGid``."""
UNKNOWN_UID = 1000650000
"""A user id as OpenShift assigns it to a namespace; the volume's group has the same number."""
PREFIX = "/notebook/team/name"
"""A prefix as Kubeflow's notebook controller sets it: without a trailing slash."""
SUPERVISOR = "s6-svscan"
"""The name of the process that /init becomes."""
INIT_MARK, HOME_MARK, LEFT_MARK = "@init ", "@home ", "@left "
"""Prefixes of lines from :data:`image_matrix.verify.scenarios.COMMAND`: process 1, the home, and files left in it."""
ALL_ADDRESSES = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound


def user(facts: Facts) -> str:
    """The user has a name, which tools such as ssh and git need."""
    return "" if facts["user"] == USER else f"the user is {facts['user'] or 'nameless'}, not {USER}"


def uid(facts: Facts, expected: int = UID) -> str:
    """The user id is as expected, and no process runs as root."""
    if facts["uid"] != expected:
        return f"the user id is {facts['uid']}, not {expected}"
    roots = [f"{item['name']} ({item['pid']})" for item in facts["processes"] if item["uid"] == 0]
    return f"processes of root: {', '.join(roots)}" if roots and expected else ""


def gid(facts: Facts, extra: int) -> str:
    """The primary group is 0, so that any user id can work (OpenShift); the volume's group is among the others."""
    if facts["gid"] != 0:
        return f"the primary group is {facts['gid']}, not 0"
    return "" if extra in facts["groups"] else f"the volume's group {extra} is not among {facts['groups']}"


def home(facts: Facts) -> str:
    """The home is where platforms mount the volume."""
    return "" if facts["home"] == HOME else f"HOME is {facts['home'] or 'not set'}, not {HOME}"


def first_process(facts: Facts) -> str:
    """The first process is a supervisor: a shell neither forwards signals nor reaps orphans."""
    first = next((item for item in facts["processes"] if item["pid"] == 1), None)
    if first is None:
        return "process 1 does not exist"
    return f"process 1 is {first['name']}, a shell" if first["name"] in SHELLS else ""


SHELLS = ("sh", "bash", "dash", "ash", "zsh", "busybox")


def ports(facts: Facts, expected: Sequence[int]) -> str:
    """Only the IDE's port is reachable from outside, and it listens on every address."""
    outside = [item for item in facts["listening"] if not loopback(item["address"])]
    others = sorted({f"{item['port']}/{item['protocol'][:3]} on {item['address']}" for item in outside
                     if item["port"] not in expected or not item["protocol"].startswith("tcp")})  # fmt: skip
    if others:
        return f"also listening: {', '.join(others)}"
    open_to_all = {item["port"] for item in outside if item["address"] in ALL_ADDRESSES}
    missing = [str(port) for port in expected if port not in open_to_all]
    return f"not listening on every address: {', '.join(missing)}" if missing else ""


def loopback(address: str) -> bool:
    """Say whether an address is a loopback address."""
    return address.startswith("127.") or address in ("::1", "::ffff:127.0.0.1")


def zombies(seen: Mapping[str, Any]) -> str:
    """The first process reaps orphans."""
    return f"not reaped: {', '.join(seen['zombies'])}" if seen["zombies"] else ""


def volume(seen: Mapping[str, Any]) -> str:
    """An empty volume, owned by a group as fsGroup leaves it, is filled from the template and writable."""
    if seen["stopping"]:
        return "an init script failed: the container stops"
    if seen["written"]:
        return str(seen["written"])
    if seen["missing"]:
        return f"not copied from the home template: {', '.join(seen['missing'])}"
    return f"not owned by the volume's group: {', '.join(seen['group'])}" if seen["group"] else ""


def page(answer: Page, path: str) -> str:
    """The last answer has status 200, and every redirect stays below the prefix."""
    if answer["status"] == 0:
        return f"no answer on {path} within {answer['seconds']:.0f} s ({answer['error']})"
    if answer["location"] and answer["status"] in range(300, 400):
        return f"{answer['hops'][-1]} redirects to {answer['location']}, outside the prefix"
    route = f" (via {' → '.join(answer['hops'])})" if len(answer["hops"]) > 1 else ""
    return "" if answer["status"] == 200 else f"{path} answers {answer['status']}{route}"


def silent(answer: Page) -> bool:
    """Say whether nothing answered; other requests to the same server will get no answer either."""
    return bool(answer["status"] == 0)


def cors(answer: Page) -> str:
    """The answer has the header that Kubeflow's dashboard needs."""
    value = answer["headers"].get("access-control-allow-origin")
    return "" if value == "*" else f"Access-Control-Allow-Origin is {value or 'not sent'}, not *"


def let_in(answer: Page) -> bool:
    """Say whether the answer is a page, and not the one that asks for the login (``/login`` of Jupyter)."""
    return bool(answer["status"] == 200 and not _at_login(answer))


def kept_away(answer: Page) -> bool:
    """Say whether the answer asks for a login: with a status of RFC 9110, 15.5, or with a page for it."""
    return bool(answer["status"] in (401, 403) or _at_login(answer))


def _at_login(answer: Page) -> bool:
    return bool(urlsplit(answer["hops"][-1]).path.rpartition("/")[2] == "login")


def alone(answer: Page, token: str) -> str:
    """A stranger is kept away, also a page elsewhere that asks in a stranger's browser; the log names the token."""
    if let_in(answer):
        return "no platform stands in front, and / answers without a login"
    if not token:
        return "the log has no line `image-matrix: open ADDRESS` with a token"
    if not kept_away(answer):
        return f"/ answers {answer['status']} without the token, not with 401, 403 or a login"
    return cors_of_stranger(answer)


def cors_of_stranger(answer: Page) -> str:
    """No page elsewhere may read the answer (fetch.spec.whatwg.org, "HTTP responses" of CORS)."""
    value = answer["headers"].get("access-control-allow-origin")
    return f"Access-Control-Allow-Origin is {value}: pages elsewhere may read it" if value else ""


def outside(answer: Page, path: str, prefix: str) -> str:
    """Outside the prefix, where another user's server may be, no page is served; redirects into the prefix may be."""
    if 200 <= answer["status"] < 300:
        return f"{path}, outside the prefix, answers {answer['status']}"
    if 300 <= answer["status"] < 400 and not _below(prefix, path, answer["location"]):
        return f"{path}, outside the prefix, redirects to {answer['location'] or 'nowhere'}, also outside"
    return ""


def _below(prefix: str, path: str, location: str) -> bool:
    target = urlsplit(urljoin(f"http://{HOST}{path}", location))
    return target.netloc == HOST and f"{target.path}/".startswith(prefix)


def websocket(answer: Page, path: str) -> str:
    """A connection can be upgraded: kernels, terminals and code-server use websockets."""
    if answer["status"] == 0:
        return f"no answer on {path} ({answer['error']})"
    if answer["status"] != 101:
        return f"{path} answers a websocket request with {answer['status']}, not 101"
    return "" if answer["accepted"] else f"{path} answers with the Sec-WebSocket-Accept of another request"


def ended(code: int | None, seconds: float, codes: Sequence[int], grace: float) -> str:
    """The container ends in time, with one of the exit codes."""
    if code is None:
        return f"still running {grace:.0f} s later"
    expected = " or ".join(map(str, codes))
    return "" if code in codes else f"exit code {code} after {seconds:.1f} s, not {expected}"


def under_init(log: str) -> str:
    """A command runs under /init: process 1 is the supervisor, and /init has set the folder of its state."""
    line = next((line for line in log.splitlines() if line.startswith(INIT_MARK)), INIT_MARK)
    first, _, run = line.removeprefix(INIT_MARK).partition(" ")
    if first != SUPERVISOR:
        return f"process 1 is {first or 'unknown'}, not {SUPERVISOR} of /init"
    return "" if run else "IMAGE_MATRIX_RUN, which /init sets, is not in its environment"


def refused(code: int | None, log: str, value: str) -> str:
    """An invalid prefix ends the container, with a reason in its last lines."""
    if code is None:
        return f"NB_PREFIX={value!r}: the container keeps running"
    if code == 0:
        return f"NB_PREFIX={value!r}: the container ends with exit code 0"
    lines = "\n".join(log.splitlines()[-3:])
    return "" if "NB_PREFIX" in lines else f"NB_PREFIX={value!r}: the last lines do not mention NB_PREFIX"


def sent_to_login(answer: Page) -> str:
    """A request without the hub's token is redirected to the hub's login."""
    if answer["status"] in (301, 302, 303) and answer["location"].startswith("/hub/"):
        return ""
    return f"without a token it answers {answer['status']} {answer['location']}, not with the hub's login"


def entered(answer: Page, prefix: str) -> str:
    """The hub's login leads the user to the IDE."""
    if answer["status"] == 0:
        return f"no page after the login ({answer['error']})"
    last = answer["hops"][-1]
    if answer["status"] != 200:
        return f"{last} answers {answer['status']} after the login"
    return "" if last.startswith(prefix) else f"the login ends on {last}, outside {prefix}"


def kept_out(answer: Page) -> str:
    """Another user of the hub has no access."""
    if answer["status"] == 403:
        return ""
    return f"another user of the hub gets {answer['status']} from {answer['hops'][-1]}, not 403"


def cookies(answer: Page, prefix: str) -> str:
    """The browser sends the cookie of the login only to this server, not to another user's."""
    paths = {name: path for name, path in answer["cookies"].items() if name.startswith("jupyterhub-user-")}
    wide = [f"{name} ({path})" for name, path in paths.items() if path != prefix]
    if wide:
        return f"sent to more than {prefix}: {', '.join(wide)}"
    return "" if paths else "the login set no cookie for the server"


def activity(log: str, name: str) -> str:
    """The hub's log shows that the server reports its activity, so that the hub can cull idle servers."""
    request = f"200 POST /hub/api/users/{name}/activity ({name}@"
    return "" if request in log else "the server does not report activity to the hub"


def left(log: str) -> str:
    """The build left no files in the home: caches make images large, and users cannot change root's files."""
    lines = log.splitlines()
    if f"{HOME_MARK}{HOME}" not in lines:
        seen = next((line.removeprefix(HOME_MARK) for line in lines if line.startswith(HOME_MARK)), "")
        return f"the home is {seen or 'missing'}, not {HOME}"
    paths = [line.removeprefix(LEFT_MARK) for line in lines if line.startswith(LEFT_MARK)]
    shown = ", ".join(paths[:3])
    return f"{plural(len(paths), 'path')} of another user in the image's home: {shown}" if paths else ""
