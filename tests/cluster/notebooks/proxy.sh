#!/bin/bash
# JupyterHub's proxy, with the Node.js that the Python package above brings.
set -eu
npm install --global --prefix /usr/local --no-audit --no-fund --loglevel=error configurable-http-proxy@5.3.0
