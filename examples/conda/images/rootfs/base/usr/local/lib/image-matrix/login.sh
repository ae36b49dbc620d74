# shellcheck shell=sh
# Who asks for the login, sourced by whatever starts a server. A platform in front of the container does; where none is,
# the server asks for a token. One that is set always counts. IMAGE_MATRIX_LOGIN=none stands for a server without a login.
# shellcheck source=/dev/null
. /usr/local/lib/image-matrix/prefix.sh

hub_in_front() { # JupyterHub gives these to every server (get_env in jupyterhub/spawner.py)
    [ -n "${JUPYTERHUB_API_TOKEN:-}${JUPYTERHUB_SERVICE_PREFIX:-}" ]
}

platform_in_front() { # Kubeflow's notebook controller sets NB_PREFIX=/notebook/NAMESPACE/NAME; "/" is nobody's
    hub_in_front || [ -n "$(web_prefix "${NB_PREFIX:-/}")" ]
}

refuse_login() { # REASON, which never has a token
    exec /usr/local/lib/image-matrix/stop 78 "$1"
}

login() { # [PASSWORD]: sets login_token, empty for none, and login_from, where it comes from. No argument of a program.
    case ${IMAGE_MATRIX_LOGIN:-} in
    "" | none) ;;
    *) refuse_login "IMAGE_MATRIX_LOGIN is refused: write none for a server without a login, or leave it out" ;;
    esac
    login_token=${JUPYTER_TOKEN:-} login_from=JUPYTER_TOKEN
    [ -n "$login_token" ] || login_of_file
    [ -n "$login_token" ] || login_alone "${1:-}"
}

login_of_file() {
    [ -n "${JUPYTER_TOKEN_FILE:-}" ] || return 0
    login_from=JUPYTER_TOKEN_FILE
    IFS= read -r login_token <"$JUPYTER_TOKEN_FILE" || :
    [ -n "$login_token" ] || refuse_login "JUPYTER_TOKEN_FILE is refused: its first line is empty, or user $(id -u) can't read it"
}

login_alone() { # PASSWORD, or none; behind a platform it may be another program's
    login_from=
    ! platform_in_front || return 0
    login_token=$1
    if [ -n "$login_token" ]; then login_from=PASSWORD; elif [ -z "${IMAGE_MATRIX_LOGIN:-}" ]; then login_of_start; fi
}

login_of_start() { # a random token, the same for as long as the container runs
    login_file=$IMAGE_MATRIX_RUN/user/token
    [ -s "$login_file" ] || (umask 077 && od -A n -v -t x1 -N 24 /dev/urandom | tr -d ' \n' >"$login_file") || :
    IFS= read -r login_token <"$login_file" || : # no newline
    [ ${#login_token} -eq 48 ] || refuse_login "a token can't be written to $login_file: is the file system full?"
}

announce_login() { # PAGE SERVER (its port, or unix:PATH): says once, when the server listens, how users get in
    if [ -z "$login_token" ] && platform_in_front; then return 0; fi
    mkdir "$IMAGE_MATRIX_RUN/announced" 2>/dev/null || return 0
    # The first process adopts and reaps it
    (announce_when_listening "$@" >&2 &)
}

announce_when_listening() { # PAGE SERVER
    login_tries=0
    until listens "$2"; do
        [ $((login_tries += 1)) -lt 3000 ] || return 0
        sleep 0.2
    done
    login_page=http://127.0.0.1:8888$1
    if [ -z "$login_token" ]; then
        echo "image-matrix: warning: $login_page asks for no login, since IMAGE_MATRIX_LOGIN is none: whoever reaches it has a shell"
    elif [ -n "$login_from" ]; then
        echo "image-matrix: $login_page asks for the value of $login_from"
    else
        echo "image-matrix: open $login_page?token=$login_token"
    fi
}

listens() { # SERVER; /proc/net/tcp has ports in hexadecimal, and state 0A for a socket that accepts connections
    case $1 in
    unix:*) [ -S "${1#unix:}" ] ;;
    *) grep -q -s -E ":$(printf %04X "${1##*:}") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 ;;
    esac
}
