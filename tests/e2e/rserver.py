#!/usr/bin/python3 -I
"""Stands in for RStudio Server, which only Posit has: takes its options and tells what it was asked with."""

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

options = argparse.ArgumentParser()
options.add_argument("--www-address", required=True)
options.add_argument("--www-port", type=int, required=True)
options.add_argument("--server-user", required=True)
options.add_argument("--server-data-dir", type=Path, required=True)
options.add_argument("--rsession-path", type=Path, required=True)
given, _ = options.parse_known_args()
assert given.server_data_dir.is_dir()
assert given.rsession_path.is_file()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        root = self.headers.get("X-RStudio-Root-Path", "none")
        body = f"RStudio {self.path} root={root} user={given.server_user}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


with ThreadingHTTPServer((given.www_address, given.www_port), Handler) as server:
    server.serve_forever()
