# shellcheck shell=sh
# Gives login shells the commands `conda activate` and `mamba activate`; the environment itself is active already.
for script in conda mamba; do
    if [ -n "${CONDA_PREFIX:-}" ] && [ -r "$CONDA_PREFIX/etc/profile.d/$script.sh" ]; then
        # shellcheck source=/dev/null
        . "$CONDA_PREFIX/etc/profile.d/$script.sh"
    fi
done
unset script
