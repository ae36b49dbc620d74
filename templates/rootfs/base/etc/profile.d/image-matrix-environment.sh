# shellcheck shell=sh
# Gives shells that `docker exec` and `kubectl exec` start what init scripts have set; in the IDEs it is there already.
for image_matrix_run in "${IMAGE_MATRIX_RUN:-/nonexistent}" /run/s6 /tmp/.s6 /dev/shm/.s6; do
    [ -d "$image_matrix_run/container_environment" ] || continue
    for image_matrix_file in "$image_matrix_run/container_environment"/*; do
        case ${image_matrix_file##*/} in
        PATH | [0-9]* | *[!A-Za-z0-9_]*) continue ;; # PATH has a file of its own
        esac
        eval "[ -n \"\${${image_matrix_file##*/}+x}\" ]" && continue
        image_matrix_value=$(cat "$image_matrix_file" 2>/dev/null && echo x) &&
            export "${image_matrix_file##*/}=${image_matrix_value%?}"
    done
    break
done
unset image_matrix_run image_matrix_file image_matrix_value
# shellcheck source=/dev/null
. /usr/local/lib/image-matrix/environment.sh
