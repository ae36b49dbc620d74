# shellcheck shell=sh
# At login on a terminal: what survives a restart of the container.
if [ -t 1 ] && [ -n "${HOME:-}" ]; then
    printf '%s\n' "Only files in $HOME survive a restart. What pip, conda, install.packages() and the IDE's" \
        "extensions put elsewhere is gone after it: ask for it in the image, or install it again."
fi
