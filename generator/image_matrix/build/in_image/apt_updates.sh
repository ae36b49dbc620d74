#!/bin/sh
# Asks apt in a released image which of its packages have a newer version. It runs as root in a build step of which only
# the answers are kept. MOMENT is that of a snapshot, or empty.
set -u
if [ -z "${IN_BASH:-}" ] && command -v bash > /dev/null; then IN_BASH=1 exec bash "$0"; fi
export HOME=/root LC_ALL=C
answers=/image-matrix-answers
base=/run/asked/base

fail() {
    { echo "$1"; tail -n 5 /tmp/log; } > "${answers}/failed"
    exit 0
}

rm -rf "${answers}"
mkdir "${answers}"
if ! command -v apt-get > /dev/null; then
    : > "${answers}/upgradable"
    exit 0
fi
# an image on a snapshot has the moment of its build in a file; the command line goes before it
if [ -n "${MOMENT}" ]; then set -- --option "APT::Snapshot=${MOMENT}"; fi
apt-get "$@" --option APT::Update::Error-Mode=any update > /tmp/log 2>&1 || fail 'apt-get update'
apt-get "$@" --simulate --option APT::Get::Never-Include-Phased-Updates=true dist-upgrade \
    > "${answers}/upgradable" 2> /tmp/log || fail 'apt-get dist-upgrade'

# What a source brought moves as in the step of the images on it: if it is in a list of the distribution itself
mkdir -p /tmp/distribution
for release in /var/lib/apt/lists/*Release; do
    if ! grep -qxE 'Origin: (Debian|Ubuntu)' "${release}"; then continue; fi
    lists="${release%Release}"
    ln -sf "${lists%In}"* /tmp/distribution/
done
apt-get "$@" --simulate --option APT::Get::Never-Include-Phased-Updates=true upgrade --with-new-pkgs \
    --option Dir::State::lists=/tmp/distribution --option Dir::Cache::pkgcache= --option Dir::Cache::srcpkgcache= \
    > "${answers}/of-distribution" 2> /tmp/log || fail 'apt-get upgrade'

dpkg-query --show --showformat='${Package}\t${source:Package}\t${source:Version}\n' \
    > "${answers}/installed" 2> /tmp/log || fail 'dpkg-query'
if [ -e "${base}/var/lib/dpkg/status" ]; then
    dpkg-query --admindir="${base}/var/lib/dpkg" --show --showformat='${Package}\n' \
        > "${answers}/of-base" 2> /tmp/log || fail 'dpkg-query of the base'
fi
