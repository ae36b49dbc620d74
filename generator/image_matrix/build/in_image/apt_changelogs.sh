#!/bin/sh
# Takes changelogs from new packages of Debian, as far as they are newer than what is installed. It runs as root in a
# build step of which only the answers are kept. `search` has a line for each source package: a number, the version of it
# that is installed, and binary packages made from the new one (NAME=VERSION). MOMENT is that of a snapshot, or empty.
set -u
if [ -z "${IN_BASH:-}" ] && command -v bash > /dev/null; then IN_BASH=1 exec bash "$0"; fi
export HOME=/root LC_ALL=C
answers=/image-matrix-answers
search=/run/asked/context/search
work=/var/cache/apt/image-matrix
most=100000

fetch() {
    rm -rf "${work}"
    mkdir -p "${work}"
    cd "${work}" || return 1
    apt-get ${MOMENT:+--option "APT::Snapshot=${MOMENT}"} download "$1" > /tmp/log 2>&1 || return 1
    dpkg-deb --fsys-tarfile ./*.deb | tar --extract --wildcards './usr/share/doc/*' 2> /dev/null
}

# Prints a changelog. A folder, or a file in it, may be a link to the folder of another package of the same source.
changelog() {
    name="${1%%=*}"
    for _ in 1 2; do
        fetch "${name}=${1#*=}" || return 1
        folder="${work}/usr/share/doc/${name}"
        if [ -L "${folder}" ]; then
            name="$(basename "$(readlink "${folder}")")"
            continue
        fi
        for file in changelog.Debian.gz changelog.gz changelog.Debian changelog; do
            if [ -f "${folder}/${file}" ]; then
                case "${file}" in *.gz) gzip --decompress --stdout "${folder}/${file}" ;; *) cat "${folder}/${file}" ;; esac
                return 0
            fi
            if [ -L "${folder}/${file}" ]; then
                name="$(basename "$(dirname "$(readlink "${folder}/${file}")")")"
                continue 2
            fi
        done
        return 1
    done
    return 1
}

# Keeps the entries above the first that is not newer. Entries begin with `NAME (VERSION) …`; deb-changelog(5).
newer_than() {
    while IFS= read -r line; do
        case "${line}" in
        [a-z0-9]*' ('*')'*)
            version="${line#*\(}"
            dpkg --compare-versions "${version%%\)*}" gt "$1" 2> /dev/null || break
            ;;
        esac
        printf '%s\n' "${line}"
    done
}

by_size() {
    for package in $1; do
        apt-cache ${MOMENT:+--option "APT::Snapshot=${MOMENT}"} show --no-all-versions "${package}" 2> /dev/null \
            | sed -n "s|^Size: \([0-9]*\)\$|\1 ${package}|p" | head -n 1
    done | sort -n | sed 's/^[0-9]* //' | head -n 3
}

rm -rf "${answers}"
mkdir "${answers}"
apt-get ${MOMENT:+--option "APT::Snapshot=${MOMENT}"} update > /dev/null 2>&1
while read -r number installed packages; do
    for package in $(by_size "${packages}"); do
        changelog "${package}" 2> /dev/null | head -c "${most}" | newer_than "${installed}" > "${answers}/${number}"
        if [ -s "${answers}/${number}" ]; then break; fi
    done
done < "${search}"
rm -rf "${work}"
