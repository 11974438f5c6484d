#!/usr/bin/env bash
# tests/fresh/run.sh SYSTEM [quick]: the README's two commands as a new user meets them: in a Debian of its own that holds nothing but
# git, ca-certificates and sudo, once as root and once as a user with sudo, from a fresh clone of the current commit. Looks at the
# picture, the log and the checkpoint. SYSTEM is bookworm or trixie, also called 12 and 13. `quick`: few steps, and
# `tests/run.sh quick`. Needs root, debootstrap and a mirror: the one that this machine's apt uses, or GAN_MIRROR. Takes 2 GB below
# TMPDIR (/var/tmp). Whatever happens, nothing stays mounted, running or on the disk. GAN_FRESH_CACHE names a folder that keeps
# packages for the next run. Exit status 77: this system cannot be had here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../.." && pwd)

case "${1:-}" in
bookworm | 12) suite=bookworm system="Debian 12" ;;
trixie | 13) suite=trixie system="Debian 13" ;;
*) suite='' ;;
esac
if [ -z "$suite" ] || [ $# -gt 2 ] || [ "${2-quick}" != quick ]; then
    echo "usage: tests/fresh/run.sh bookworm|trixie [quick]" >&2
    exit 2
fi
quick=${2:-}
steps=1000
[ -z "$quick" ] || steps=50

skip() {
    told=yes
    echo "SKIPPED: $system: $*"
    exit 77
}

fail() {
    told=yes
    echo "FAILED: $system${user:+, as $user}: $*" >&2
    [ ! -s "$temp/log" ] || { echo "--- its last lines:" && tail -n 200 "$temp/log"; } >&2
    exit 1
}

# shellcheck source=tests/fresh/root.sh
. "$here/root.sh"

# inside COMMAND: as `user`, in its home folder in `root`; leaves the output in the file log, `took` (seconds) and `status`.
inside() {
    local from=$SECONDS
    status=0
    apart bash "$here/enter.sh" "$root" "$temp/archives" "$user" "$1" >"$temp/log" 2>&1 || status=$?
    took=$((SECONDS - from))
    return "$status"
}

# readme_command N: the N-th of the README's two.
readme_command() {
    sed -n '/^## Two commands/,/^## [^T]/p' "$checkout/README.md" | sed -n '/^```/,/^```/p' | grep -v '^```' | sed -n "$1p"
}

# --- what a run must leave -----------------------------------------------------------------------------

# bytes FILE OFFSET COUNT: as numbers.
bytes() {
    od -An -v -tu1 -j"$2" -N"$3" "$1" | xargs
}

number() {
    local a b c d
    read -r a b c d < <(bytes "$1" "$2" 4)
    echo $(((a << 24) + (b << 16) + (c << 8) + d))
}

# check_picture FILE: 64 faces of 48x48 in eight rows, of many colours.
check_picture() {
    local file=$1 at=8 length kind size values
    [ "$(bytes "$file" 0 8)" = "137 80 78 71 13 10 26 10" ] || fail "$file is no PNG"
    size="$(number "$file" 16) $(number "$file" 20)"
    [ "$size" = "384 384" ] || fail "$file is $size"
    while [ "$at" -lt "$(stat -c %s "$file")" ]; do
        length=$(number "$file" "$at")
        kind=$(dd if="$file" bs=1 skip=$((at + 4)) count=4 status=none)
        [ "$kind" != IDAT ] || dd if="$file" iflag=skip_bytes,count_bytes skip=$((at + 8)) count="$length" bs=64k status=none
        at=$((at + 12 + length))
    done >"$temp/idat"
    # A zlib stream is two bytes and what gzip packs as well.
    values=$({ printf '\x1f\x8b\x08\0\0\0\0\0\0\0' && tail -c +3 "$temp/idat"; } | { gzip -dc 2>/dev/null || true; } | od -An -v -tu1 -w1 | sort -u | wc -l)
    [ "$values" -gt 100 ] || fail "$file has $values different bytes: a picture of nothing"
}

# check_run HOME: picture, log and checkpoint are there, and the output names them.
check_run() {
    local run=$root$1/gan_dist/runs/quickstart name
    name=$(printf 'step-%08d' "$steps")
    cp "$temp/log" "$temp/said"
    for file in "samples/$name.png" log.csv "checkpoints/$name.safetensors"; do
        [ -s "$run/$file" ] || fail "there is no runs/quickstart/$file"
        grep -q "^[a-z]* *$1/gan_dist/runs/quickstart/$file" "$temp/said" || fail "the output does not name $file"
    done
    check_picture "$run/samples/$name.png"
    check_picture "$run/samples/reals.png"
    ! cmp -s "$run/samples/$name.png" "$run/samples/reals.png" || fail "drawn and real pictures are the same"
    [ "$(tail -n 1 "$run/log.csv" | cut -d, -f1)" = "$steps" ] || fail "the last row of log.csv is: $(tail -n 1 "$run/log.csv")"
    [ "$(wc -l <"$run/log.csv")" -ge $((1 + steps / 50)) ] || fail "log.csv has $(wc -l <"$run/log.csv") lines"
    inside "gan_dist/build/gan_dist info gan_dist/runs/quickstart/checkpoints/$name.safetensors" || fail "info"
    grep -qE "^step +$steps( |\$)" "$temp/log" || fail "info does not say step $steps"
}

# What looks like a failure to a newcomer, though all is well.
check_words() {
    local found
    found=$(grep -nE '^(E|W|N|Err):|not available|nable to|rror:|arning:|No such file|ermission denied|ommand not found' "$1" || true)
    [ -z "$found" ] || fail "lines that look like failures: $found"
}

# --- the two commands ------------------------------------------------------------------------------------

# new_user USER HOME: both commands, from a fresh system to the end.
new_user() {
    local home=$2 log start installed built end
    user=$1 root=$temp/$1
    cp -a "$temp/base" "$root"
    chroot "$root" chown -R "$user" /srv/gan_dist.git
    inside "git clone -q /srv/gan_dist.git gan_dist" || fail "git clone"
    log=$root$home/gan_dist/build
    printf '%s\n' "$system, as $user: $(readme_command 1)"
    start=$(date +%s)
    inside "cd gan_dist && $(readme_command 1)${quick:+ --steps $steps}" || fail "$(readme_command 1): exit status $status"
    end=$took
    installed=$(($(stat -c %Y "$log/configure.log") - start)) built=$(($(stat -c %Y "$log/gan_dist") - start))
    check_words "$temp/log"
    check_run "$home"
    inside "cd gan_dist && $(readme_command 1)${quick:+ --steps $steps}" || fail "a second time: exit status $status"
    grep -q "already at step $steps of $steps" "$temp/log" || fail "a second time it trained again"
    [ $(($(stat -c %Y "$log/gan_dist") - start)) -eq "$built" ] || fail "a second time it built again"
    printf '%s\n' "$system, as $user: $(readme_command 2)"
    inside "cd gan_dist && $(readme_command 2)${quick:+ quick}" || fail "$(readme_command 2): exit status $status"
    lines+=("$system, as $user: installs $installed s, builds $((built - installed)) s, quickstart ($steps steps) $((end - built)) s,\
 tests${quick:+ (quick)} with their build $took s")
    if [ "$user" = root ]; then
        printf '%s\n' "$system: the Debian package, installed, tried, and removed"
        inside "cd gan_dist && GAN_FRESH=1 bash tests/install/deb.sh" || fail "tests/install/deb.sh: exit status $status"
        lines+=("$system: Debian package made and tried in $took s")
    fi
    rm -rf --one-file-system "$root"
}

lines=()
make_base
new_user root /root
new_user newcomer /home/newcomer
printf '%s\n' "${lines[@]}"
