# shellcheck shell=sh
# Sourced: docker_settings exports DOCKER_CONFIG and BUILDX_CONFIG, the folders of docker's logins and of buildx' builders.
# Without settings of the pod or the user, they are this user's alone and in memory: a login is never on a disk.

docker_memory() { # prints the folder; fails where no memory can be written
    for memory in /dev/shm /tmp "${IMAGE_MATRIX_RUN:-/run/s6}"; do
        [ "$(stat --file-system --format=%T "$memory" 2>/dev/null)" = tmpfs ] || continue
        folder=$memory/.docker-$(id -u)
        mkdir -m 0700 "$folder" 2>/dev/null
        # /dev/shm is the whole pod's: a folder or link that somebody else made is not ours to use
        [ "$(stat --format='%u %F' "$folder" 2>/dev/null)" = "$(id -u) directory" ] || continue
        chmod 0700 "$folder" && printf '%s\n' "$folder" && return 0
    done
    return 1
}

docker_settings() {
    [ -z "${DOCKER_CONFIG:-}" ] || [ -z "${BUILDX_CONFIG:-}" ] || return 0
    if ! docker_in_memory=$(docker_memory); then
        echo "docker: a login would stay on a disk: mount a tmpfs at /dev/shm (in Kubernetes an emptyDir with \`medium: Memory\`)" >&2
        return 1
    fi
    export DOCKER_CONFIG="${DOCKER_CONFIG:-$docker_in_memory}"
    export BUILDX_CONFIG="${BUILDX_CONFIG:-$docker_in_memory/buildx}"
}
