# shellcheck shell=sh
# Gives shells that `docker exec` and `kubectl exec` start what init scripts have set; in the IDEs it is there already.
# Where whoever started the shell has dropped the container's environment, as cron does, it gets that back first.
for image_matrix_run in "${IMAGE_MATRIX_RUN:-/nonexistent}" /run/s6 /tmp/.s6 /dev/shm/.s6; do
    [ -d "$image_matrix_run/container_environment" ] || continue
    if [ -z "${IMAGE_MATRIX_RUN+x}${HOME_TEMPLATE+x}" ]; then # as in with-contenv
        eval "$(/usr/bin/python3 -I /usr/local/lib/image-matrix/container_environment.py "$image_matrix_run")"
        image_matrix_back=x
    fi
    for image_matrix_file in "$image_matrix_run/container_environment"/*; do
        image_matrix_name=${image_matrix_file##*/}
        case $image_matrix_name in
        PATH | [0-9]* | *[!A-Za-z0-9_]*) continue ;; # PATH has a file of its own
        esac
        if [ ! -s "$image_matrix_file" ]; then # as s6-envdir does
            unset "$image_matrix_name"
        elif [ -n "${image_matrix_back:-}" ] || ! eval "[ -n \"\${$image_matrix_name+x}\" ]"; then
            image_matrix_value=$(cat "$image_matrix_file" && echo x) || continue
            image_matrix_value=${image_matrix_value%x}
            export "$image_matrix_name=${image_matrix_value%
}"
        fi
    done
    break
done
unset image_matrix_run image_matrix_file image_matrix_name image_matrix_value image_matrix_back
# shellcheck source=/dev/null
. /usr/local/lib/image-matrix/environment.sh
