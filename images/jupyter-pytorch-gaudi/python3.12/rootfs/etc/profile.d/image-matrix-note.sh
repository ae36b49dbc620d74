# shellcheck shell=sh
# At login on a terminal: what survives a restart of the container.
if [ -t 1 ] && [ -n "${HOME:-}" ]; then
    printf '%s\n' "Only files in $HOME survive a restart. Packages installed elsewhere (apt, pip or conda" \
        "outside $HOME, R libraries) are gone after it: ask for them in the image, or install again."
fi
