# shellcheck shell=sh
# Sourced by whatever starts a program: gives variables of the place that runs the container in each spelling that
# programs read. It writes no file, because the addresses may have logins.

image_matrix_same() { # FROM TO: sets TO where it is not set
    eval "[ -z \"\${$1:-}\" ] || [ -n \"\${$2+x}\" ] || export \"$2=\${$1}\""
}

# curl and R read the small ones alone
image_matrix_same HTTP_PROXY http_proxy
image_matrix_same HTTPS_PROXY https_proxy
image_matrix_same ALL_PROXY all_proxy
image_matrix_same NO_PROXY no_proxy
image_matrix_same http_proxy HTTP_PROXY
image_matrix_same https_proxy HTTPS_PROXY
image_matrix_same all_proxy ALL_PROXY
image_matrix_same no_proxy NO_PROXY
# A server in the container itself is no proxy's business
if [ -n "${HTTP_PROXY:-}${HTTPS_PROXY:-}${ALL_PROXY:-}" ] && [ -z "${NO_PROXY+x}${no_proxy+x}" ]; then
    export NO_PROXY=localhost,127.0.0.1,::1 no_proxy=localhost,127.0.0.1,::1
fi
image_matrix_same CONDA_CHANNEL_ALIAS MAMBA_CHANNEL_ALIAS
# uv reads nothing of pip's; where it has a file of its own, that says what it is to do
if [ ! -r /etc/uv/uv.toml ]; then
    image_matrix_same PIP_INDEX_URL UV_DEFAULT_INDEX
    image_matrix_same PIP_TRUSTED_HOST UV_INSECURE_HOST
fi
unset -f image_matrix_same
