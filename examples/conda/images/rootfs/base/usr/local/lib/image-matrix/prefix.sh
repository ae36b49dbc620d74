# shellcheck shell=sh
# The URL prefix, sourced by whatever starts a server: web_prefix VALUE prints "" or "/a/b" (no slash at the end).
# Refuses, with status 78, all that a server or a proxy could read as something other than a plain path.

refuse_prefix() { # REASON
    echo "image-matrix: NB_PREFIX is refused: $1" >&2
    return 78
}

web_prefix() { # VALUE
    prefix=$1
    while [ "${prefix%/}" != "$prefix" ]; do prefix=${prefix%/}; done
    [ -n "$prefix" ] || return 0
    prefix=/${prefix#/}
    case $prefix in
    *[!A-Za-z0-9._~@:+,=/-]*) refuse_prefix "only letters, digits and ._~@:+,=/- may be in it" ;;
    *//*) refuse_prefix "it has an empty part (//)" ;;
    */. | */./* | */.. | */../*) refuse_prefix "it has a part . or .." ;;
    *) printf '%s\n' "$prefix" ;;
    esac
}
