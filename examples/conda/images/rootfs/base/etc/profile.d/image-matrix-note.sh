# shellcheck shell=sh
# At login on a terminal: what survives a restart of the container.
if [ -t 1 ] && [ -n "${HOME:-}" ]; then
    /usr/local/lib/image-matrix/note "$HOME"
fi
