#!/usr/bin/env bash
# deb.sh [BUILD]: makes the Debian package of a build (the checkout's build/), installs it with apt-get, tries what it brought, and
# removes it. It changes the system, so it wants one that is thrown away afterwards, and to be told so:
#   GAN_FRESH=1 bash tests/install/deb.sh
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath "${1:-$root/build}")

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
skip() {
    echo "SKIPPED: $*"
    exit 77
}
[ "${GAN_FRESH:-}" = 1 ] || skip "it installs a package: GAN_FRESH=1 says that this system is thrown away afterwards"
command -v apt-get >/dev/null || skip "no apt-get"
if dpkg-query -W gan-dist >/dev/null 2>&1; then skip "the package gan-dist is here already"; fi
[ -f "$build/CPackConfig.cmake" ] || fail "$build is no build of gan_dist: launch/quickstart.sh makes one"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
    sudo -n true 2>/dev/null || skip "not root, and no sudo without a password"
fi
apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >>"$temp/apt.log" 2>&1 ||
        fail "apt-get $*: $(tail -n 20 "$temp/apt.log")"
}

temp=$(mktemp -d "${TMPDIR:-/tmp}/gan_dist-deb.XXXXXXXX")
clean_up() {
    if dpkg-query -W gan-dist >/dev/null 2>&1; then "${as_root[@]}" dpkg --purge gan-dist >/dev/null; fi
    cd /
    rm -rf "$temp"
}
trap clean_up EXIT
chmod 755 "$temp" # apt-get reads the package as another user
cd "$temp"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1

apt_get install -y -q --no-install-recommends dpkg-dev file
cpack -G DEB --config "$build/CPackConfig.cmake" -B "$temp/packages" >cpack.log 2>&1 || fail "cpack: $(tail -n 20 cpack.log)"
packages=(packages/gan-dist_*.deb)
[ "${#packages[@]}" -eq 1 ] && [ -f "${packages[0]}" ] || fail "not one package: ${packages[*]}"
depends=$(dpkg-deb -f "${packages[0]}" Depends)
for needed in 'openmpi-bin.*libopenmpi|mpich.*libmpich' libdnnl libpng libc6; do
    [[ $depends =~ $needed ]] || fail "the package does not depend on $needed: $depends"
done

apt_get install -y -q --no-install-recommends "./${packages[0]}"
dpkg -L gan-dist >files
for file in /usr/bin/gan_dist /usr/share/gan_dist/launch/local.sh /usr/share/bash-completion/completions/gan_dist \
    /usr/share/doc/gan-dist/copyright /usr/share/man/man1/gan_dist.1.gz; do
    grep -qxF "$file" files || fail "the package has no $file"
done
known=$(while read -r file; do [ -d "$file" ] || grep -lF "$build" "$file" 2>/dev/null || :; done <files)
[ -z "$known" ] || fail "where it was built stands in $known"

# expects TEXT COMMAND...: it succeeds and says so.
expects() {
    local text=$1
    shift
    "$@" </dev/null >out 2>&1 || fail "$*: $(tail -n 20 out)"
    grep -qF -e "$text" out || fail "'$text' is not said by $*: $(tail -n 20 out)"
}
[ "$(command -v gan_dist)" = /usr/bin/gan_dist ] || fail "PATH has another gan_dist: $(command -v gan_dist)"
expects "gan_dist $(dpkg-query -W -f '${Version}' gan-dist)" gan_dist --version
expects ready gan_dist check
words=(--preset quickstart --data faces:64 --threads 1 --out run)
if [[ $depends == *openmpi-bin* ]]; then
    expects '' mpirun --oversubscribe -np 2 gan_dist "${words[@]}" --steps 2
    [ -f run/checkpoints/step-00000002.safetensors ] || fail "no checkpoint after two steps"
    expects '' /usr/share/gan_dist/launch/local.sh 2 "${words[@]}" --steps 3
else # the scripts speak to Open MPI
    expects '' mpirun -np 2 gan_dist "${words[@]}" --steps 3
fi
[ -f run/checkpoints/step-00000003.safetensors ] || fail "no checkpoint after three steps"
expects wrote gan_dist generate --checkpoint run/checkpoints/step-00000003.safetensors --out grid.png --num 4
[ -s grid.png ] || fail "no picture"
# What a minimal system leaves out of its packages it may leave out.
if [ -e /usr/share/man/man1/gan_dist.1.gz ]; then
    zcat /usr/share/man/man1/gan_dist.1.gz | grep -q '^\.TH GAN_DIST 1' || fail "the manual page is none"
fi
expects '_gan_dist' bash -c '. /usr/share/bash-completion/completions/gan_dist && complete -p gan_dist'

apt_get purge -y -q gan-dist
left=$(while read -r file; do [ -d "$file" ] || [ ! -e "$file" ] || echo "$file"; done <files)
[ -z "$left" ] || fail "removed, but still there: $left"
echo "package of $(. /etc/os-release && echo "$PRETTY_NAME"): made, installed, tried, removed; depends on $depends"
