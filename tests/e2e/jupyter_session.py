"""Runs inside a container with JupyterLab: a kernel and a terminal fetch an address, as a browser has them do it."""

import asyncio
import http.client
import json
import re
import sys
import uuid
from typing import Any

from tornado.websocket import websocket_connect

URL = sys.argv[1]
CODE = f"import urllib.request; print('<' + urllib.request.urlopen({URL!r}).read().decode() + '>')"


def post(path: str, cookie: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", 8888)
    headers = {"Cookie": f"_xsrf={cookie}", "X-XSRFToken": cookie}
    connection.request("POST", path, headers=headers)
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    return answer


def page_cookie() -> str:
    connection = http.client.HTTPConnection("127.0.0.1", 8888)
    connection.request("GET", "/lab")
    return str(connection.getresponse().headers).partition("_xsrf=")[2].partition(";")[0]


async def kernel(cookie: str) -> str:
    session = uuid.uuid4().hex
    name = post("/api/kernels", cookie)["id"]
    link = await websocket_connect(f"ws://127.0.0.1:8888/api/kernels/{name}/channels")
    content = {
        "code": CODE,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    header = {
        "msg_id": uuid.uuid4().hex,
        "session": session,
        "username": "",
        "msg_type": "execute_request",
        "version": "5.3",
    }
    await link.write_message(
        json.dumps(
            {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        )
    )
    while True:
        message = json.loads(await link.read_message())
        if message["msg_type"] in ("stream", "error"):
            return str(message["content"].get("text") or message["content"]["evalue"])


async def terminal(cookie: str) -> str:
    name = post("/api/terminals", cookie)["name"]
    link = await websocket_connect(f"ws://127.0.0.1:8888/terminals/websocket/{name}")
    await link.write_message(json.dumps(["stdin", f"curl -sS {URL} 2>&1 | sed 's/.*/<&>/'\r"]))
    seen = ""
    while not (found := re.search(r"<[^&>]+>", seen)):  # the command itself is echoed
        kind, *text = json.loads(await link.read_message())
        seen += text[0] if kind == "stdout" else ""
    return found[0]


async def main() -> None:
    cookie = page_cookie()
    print((await asyncio.wait_for(kernel(cookie), 40)).strip())
    print(await asyncio.wait_for(terminal(cookie), 20))


asyncio.run(main())
