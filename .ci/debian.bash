# shellcheck shell=bash
# Packages of Debian: installed, or unpacked beside the system from ENGINE_SUITE's index. Needs common.bash.

readonly ENGINE_SUITE=trixie

architecture() { dpkg --print-architecture; }

apt_get() { retry env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2; }

# An index that is missing or old shows as a failing install, so it is fetched only then.
apt_install() {
  apt_has_all "$@" && return
  log "installing $*"
  DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install "$@" \
    </dev/null >&2 && return
  apt_get update
  apt_get -y --no-install-recommends install "$@"
}

apt_has_all() {
  local name
  for name in "$@"; do
    dpkg-query --show --showformat '${Status}' "$name" 2>/dev/null | grep -q '^install ok installed$' || return 1
  done
}

# mirror main|security: the mirror that this machine's own apt uses; nothing where apt has read no index of it.
mirror() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
    awk -v want="$1" '($2 ~ /-security/) == (want == "security") && !seen++ {print $1}' | sed 's#/$##'
}

# A new machine's image may come with the index of some suites only, and apt knows no others until it has asked.
learn_mirrors() {
  [[ -n $(mirror main) && -n $(mirror security) ]] || apt_get update
  [[ -n $(mirror main) ]] || die "apt has no mirror of Debian's main archive; see /etc/apt/sources.list.d"
}

# Packages index of ENGINE_SUITE, trusted through the archive's signature on InRelease.
fetch_package_index() {
  local base path
  path=main/binary-$(architecture)/Packages.xz
  base=$(mirror main)/dists/$ENGINE_SUITE
  fetch "$base/InRelease" "$STATE/tmp/InRelease"
  gpgv --quiet --keyring /usr/share/keyrings/debian-archive-keyring.gpg --output "$STATE/tmp/Release" \
    "$STATE/tmp/InRelease" 2>"$STATE/log/gpgv.log" || die "InRelease of $ENGINE_SUITE: signature not valid, see $STATE/log/gpgv.log"
  fetch "$base/$path" "$STATE/tmp/Packages.xz"
  check_sha256 "$(awk -v path="$path" '/^SHA256:/ {on=1; next} /^[^ ]/ {on=0} on && $3 == path {print $1}' "$STATE/tmp/Release")" \
    "$STATE/tmp/Packages.xz"
}

check_sha256() {
  [[ $1 =~ ^[0-9a-f]{64}$ ]] || die "no SHA256 known for $2"
  printf '%s  %s\n' "$1" "$2" | sha256sum --check --quiet >&2 || die "SHA256 of $2 is not the one of the package index"
}

# unpack_package NAME FOLDER: from the index of ENGINE_SUITE, beside the system.
unpack_package() {
  local stanza
  stanza=$(xz --decompress --stdout "$STATE/tmp/Packages.xz" | awk -v RS= -v name="$1" '$1 == "Package:" && $2 == name')
  field() { sed -n "s/^$1: //p" <<<"$stanza"; }
  [[ -n $stanza ]] || die "$ENGINE_SUITE has no package $1"
  log "unpacking $1 $(field Version)"
  fetch "$(mirror main)/$(field Filename)" "$STATE/tmp/$1.deb"
  check_sha256 "$(field SHA256)" "$STATE/tmp/$1.deb"
  dpkg -x "$STATE/tmp/$1.deb" "$2"
  rm "$STATE/tmp/$1.deb"
}
