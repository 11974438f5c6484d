#!/usr/bin/env bash
# launch/install-deps.sh: installs with apt-get what building and testing gan_dist needs and this machine lacks.
# Nothing to edit. Does nothing, at once, when all is there.
set -euo pipefail

packages=(gcc g++ make cmake pkg-config libopenmpi-dev openmpi-bin libdnnl-dev libpng-dev libjpeg-dev zlib1g-dev
    libinih-dev libcjson-dev libcmocka-dev)

installed() {
    dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    # Elsewhere the packages have other names, so look for what they bring.
    if command -v mpicc mpirun cmake make pkg-config >/dev/null &&
        pkg-config --exists libpng libjpeg zlib inih libcjson cmocka; then
        exit 0
    fi
    echo "$0: this is not Debian or Ubuntu (no apt-get); install with this system's own tools: a C11 compiler, make," \
        "cmake 3.22, pkg-config, and the development files of Open MPI, oneDNN (2.6 to 3.x), libpng, libjpeg-turbo, zlib, inih," \
        "cJSON and cmocka" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

install=(apt-get install -y --no-install-recommends "${missing[@]}")
sudo=()
refuse() {
    echo "$0: packages are missing, and $1; let an administrator run: apt-get update && ${install[*]}" >&2
    exit 1
}
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || refuse "there is no sudo for this user, who is not root"
    sudo true || refuse "sudo does not let this user install them"
    sudo=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

as_root() {
    "${sudo[@]}" env LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" </dev/null >>"$log" 2>&1
}

# apt-get waits for another one that installs, but not for one that fetches lists.
update() {
    updated=yes
    while ! as_root apt-get update -q && tail -n 3 "$log" | grep -q 'Could not get lock'; do
        [ "$updated" = waiting ] || echo "another apt-get is fetching lists of packages: waiting for it"
        updated=waiting
        sleep 2
    done
}

try() {
    as_root "${install[@]}" -q -o DPkg::Lock::Timeout=600
}

echo "installing ${missing[*]} (a minute or two)"
as_root dpkg --configure -a || true # what an interrupted apt-get has left half done
updated=''
# Lists of packages may be missing (a fresh container) or older than the mirror; only then they are fetched.
"${install[@]}" --simulate >/dev/null 2>&1 || update
if ! try && { [ -n "$updated" ] || { update && ! try; }; }; then
    tail -n 40 "$log" >&2
    echo "$0: apt-get cannot install them (above); to try by hand: ${sudo[*]} apt-get update && ${sudo[*]} ${install[*]}" >&2
    exit 1
fi
