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
        "cmake 3.22, pkg-config, and the development files of Open MPI, oneDNN 2.x, libpng, libjpeg-turbo, zlib, inih," \
        "cJSON and cmocka" >&2
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "$0: not root and no sudo; let an administrator run: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

install_missing() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"
}

echo "installing ${missing[*]}"
# Lists of packages may be missing (a fresh container) or too old; only then they are fetched, once.
if ! install_missing 2>/dev/null; then
    "${as_root[@]}" apt-get update -q
    install_missing
fi
