# shellcheck shell=bash
# Sourced by run.sh: the fresh system, and commands that run isolated in it. Sets `temp`, a folder of this run.
: "${checkout:?}" "${suite:?}" "${system:?}"

if [ "$(id -u)" -ne 0 ]; then
    echo "SKIPPED: tests/fresh needs root: sudo $0 $*"
    exit 77
fi
temp=$(mktemp -d "${TMPDIR:-/var/tmp}/gan_dist-fresh.XXXXXXXX")
child='' told=''

clean_up() {
    local ended=$? i
    [ "$ended" -eq 0 ] || [ -n "$told" ] || echo "FAILED: $system: ended with status $ended" >&2
    [ -z "$child" ] || kill -KILL "$child" 2>/dev/null || true
    # What is mounted is so only in the child's namespace, and gone with it; its last processes may need a moment.
    for ((i = 0; i < 100; i++)); do
        rm -rf --one-file-system "$temp" 2>/dev/null && return
        sleep 0.1
    done
    echo "$0: cannot remove $temp" >&2
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# apart COMMAND...: in namespaces of its own, which end with this script, whatever ends it: no process and no mount survives.
apart() {
    local status=0
    set -m # without this it would ignore Ctrl-C, and so would all that it starts
    setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --fork --kill-child --mount-proc "$@" </dev/null &
    child=$!
    set +m
    wait "$child" || status=$?
    child=''
    return "$status"
}

# find_mirror SUITE: prints the first archive of this machine's apt that has the suite.
find_mirror() {
    local uri
    while read -r uri; do
        if /usr/lib/apt/apt-helper download-file "${uri%/}/dists/$1/InRelease" "$temp/release" >/dev/null 2>&1 &&
            grep -qx 'Origin: Debian' "$temp/release"; then
            echo "$uri"
            return
        fi
    done < <(if [ -n "${GAN_MIRROR:-}" ]; then echo "$GAN_MIRROR"; else apt-get indextargets --format '$(REPO_URI)' | sort -u; fi)
}

# What this machine's apt needs to reach its mirror, and to believe it.
copy_apt_settings() {
    local file
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    apt-config dump | grep -E '^Acquire::(http|https|Check|ForceIPv)' >"$1/etc/apt/apt.conf.d/90host" || true
    for file in $(sed -nE 's/^.*::Ca(Info|Path) "(.*)";$/\2/Ip' "$1/etc/apt/apt.conf.d/90host"); do
        mkdir -p "$1$(dirname "$file")"
        cp -rL "$file" "$1$file"
    done
    cp -L /usr/local/share/ca-certificates/*.crt "$1/usr/local/share/ca-certificates/" 2>/dev/null || true
    chroot "$1" update-ca-certificates >/dev/null 2>&1 || true
}

# make_base: the system `suite` in the folder base: root and the user newcomer, and the commit in /srv/gan_dist.git.
make_base() {
    local base=$temp/base tool mirror cache=${GAN_FRESH_CACHE:-$temp}
    for tool in debootstrap unshare setpriv git apt-config gzip; do
        command -v "$tool" >/dev/null || skip "no $tool here (Debian packages debootstrap, util-linux, git, apt, gzip)"
    done
    unshare --mount --pid --uts --ipc --fork true 2>/dev/null || skip "namespaces are not allowed here"
    mirror=$(find_mirror "$suite")
    [ -n "$mirror" ] || skip "no $suite in ${GAN_MIRROR:-the archives of this machine\'s apt}; GAN_MIRROR names one that has it"
    mkdir -p "$cache/$suite"
    cache=$(realpath "$cache/$suite")
    mkdir -p "$cache/base" "$cache/archives/partial"
    ln -s "$cache/archives" "$temp/archives"
    echo "$system: a system from its archive"
    apart debootstrap --variant=minbase --include=git,ca-certificates,sudo --cache-dir="$cache/base" "$suite" "$base" "$mirror" \
        >"$temp/log" 2>&1 || fail "debootstrap"
    copy_apt_settings "$base"
    chroot "$base" useradd --create-home --shell /bin/bash newcomer
    echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$base/etc/sudoers.d/newcomer"
    [ -z "$(git -C "$checkout" status --porcelain)" ] || echo "$system: not taken along: what is not committed in $checkout"
    git init -q --bare -b main "$base/srv/gan_dist.git"
    git -C "$base/srv/gan_dist.git" config receive.shallowUpdate true
    git -C "$checkout" push -q "$base/srv/gan_dist.git" HEAD:refs/heads/main || fail "git push"
}
