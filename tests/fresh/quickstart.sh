#!/usr/bin/env bash
# quickstart.sh PROGRAM: launch/quickstart.sh in a checkout whose build only makes a link: where it builds and trains, what
# it prints, being stopped, two at once, a checkout that cannot be written.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

tree="$temp/a tree"
mkdir -p "$tree" bin home
cp -r "$gan_root/launch" "$tree/launch"
# Everything is installed; to configure is to make a folder, to build takes half a second and must not be done twice at once.
printf '#!/bin/sh\necho installed\n' >bin/dpkg-query
ln -s dpkg-query bin/apt-get
cat >bin/cmake <<E2
#!/bin/bash
echo "\$*" >>"$temp/cmake.calls"
[ "\$1" = --build ] || exit 0
mkdir "$temp/building" || { echo "two builds at once" >&2 && exit 1; }
sleep 0.5
ln -sf "$gan" "\$2/gan_dist"
rmdir "$temp/building"
E2
chmod +x bin/*
export PATH=$temp/bin:$PATH HOME=$temp/home
unset XDG_CACHE_HOME GAN_BUILD
few=(--data faces:64 --batch 16 --set output.sample_num=16)

# quickstart WORDS...: leaves out, err and status.
quickstart() {
    command=("$tree/launch/quickstart.sh" "$@")
    status=0
    "${command[@]}" >out 2>err || status=$?
}

# done_in FOLDER STEPS: it has named what is there.
done_in() {
    local name
    name=$(printf 'step-%08d' "$2")
    [ "$status" -eq 0 ] || fail "exit status $status of: ${command[*]}"
    says out "$1/samples/$name.png  (real ones: $1/samples/reals.png)" "log          $1/log.csv" "checkpoint   $1/checkpoints/$name.safetensors"
    for file in "samples/$name.png" samples/reals.png log.csv "checkpoints/$name.safetensors"; do
        [ -s "$1/$file" ] || fail "there is no $1/$file"
    done
}

# A program that is named, and a folder.
GAN_DIST=$gan quickstart "${few[@]}" --steps 2 --out here
done_in here 2
[ ! -e cmake.calls ] && [ ! -e "$tree/build" ] || fail "it builds though it has a program"
GAN_DIST=$temp/nothing quickstart --steps 2 --out there
[ "$status" -eq 1 ] || fail "exit status $status, not 1, without the program"
says err "there is no program $temp/nothing"

# What takes no training; nothing is built for help, or for a preset that the script does not train.
for word in --help -h; do
    quickstart --steps 2 "$word"
    [ "$status" -eq 0 ] || fail "exit status $status of $word"
    says out 'launch/quickstart.sh [train options]' GAN_BUILD 'gan_dist train --help'
done
for word in '--preset dcgan64' --preset=dcgan64; do
    # shellcheck disable=SC2086 # words
    quickstart $word
    [ "$status" -eq 2 ] || fail "exit status $status, not 2, of $word"
    says err 'launch/local.sh 2 --preset dcgan64 --data PATH'
done
[ ! -e cmake.calls ] && [ ! -e "$tree/build" ] || fail "it builds for nothing"
GAN_DIST=$gan quickstart --version
[ "$status" -eq 0 ] || fail "exit status $status of --version"
same out <("$gan" --version)
GAN_DIST=$gan quickstart "${few[@]}" --preset quickstart --steps 2 --out here
done_in here 2

# From a checkout with a space in its name; then again.
quickstart "${few[@]}" --steps 2
done_in "$tree/runs/quickstart" 2
[ -e "$tree/build/gan_dist" ] || fail "no build in the checkout"
quickstart "${few[@]}" --steps 2
done_in "$tree/runs/quickstart" 2
says out "already at step 2 of 2"
GAN_BUILD="b u" quickstart "${few[@]}" --steps 1 --out=two
done_in two 1
[ -e "b u/gan_dist" ] || fail "GAN_BUILD is not where it builds"

# Two wait for a third that builds (this test holds its lock), and then for each other.
exec 7>"b u/.lock"
flock 7
GAN_BUILD="b u" "$tree/launch/quickstart.sh" "${few[@]}" --steps 1 --out first >first.out 2>&1 7>&- &
other=$!
GAN_BUILD="b u" "$tree/launch/quickstart.sh" "${few[@]}" --steps 1 --out second >second.out 2>&1 7>&- &
started=$!
wait_until "the first waits" grep -q "waiting for it" first.out
wait_until "the second waits" grep -q "waiting for it" second.out
exec 7>&-
wait_for_end
[ "$status" -eq 0 ] || fail "the second of two at once: exit status $status: $(cat second.out)"
started=$other
wait_for_end
[ "$status" -eq 0 ] || fail "the first of two at once: exit status $status: $(cat first.out)"

# Stopped, it says how to go on; and goes on.
has_rows() {
    [ -e run/log.csv ] && [ "$(wc -l <run/log.csv)" -ge 2 ]
}
set -m
command=("$tree/launch/quickstart.sh" "${few[@]}" --steps 100000 --log-every 1 --sample-every 0 --out run)
start_command out err
set +m
wait_until "some steps" has_rows
kill -INT "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75, after Ctrl-C"
says out 'the same command again goes on: ' 'a\ tree/launch/quickstart.sh --data faces:64'
step=$(basename "$(newest run)" .safetensors)
step=$((10#${step#step-} + 1))
quickstart "${few[@]}" --steps "$step" --log-every 1 --sample-every 0 --out run
[ "$status" -eq 0 ] || fail "exit status $status after it was stopped"
says out 'resuming from run/checkpoints/step-'

# A checkout that cannot be written: the user's cache is as good.
rm -rf "$tree/build" "$tree/runs"
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w "$tree"
    quickstart "${few[@]}" --steps 1
    chmod u+w "$tree"
elif unshare --mount true 2>/dev/null; then
    command=(quickstart.sh on a tree that is mounted read-only)
    status=0
    # shellcheck disable=SC2016
    unshare --mount bash -ec 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$0/launch/quickstart.sh" "$@"' \
        "$tree" "${few[@]}" --steps 1 >out 2>err || status=$?
else
    echo "not tried: a checkout that cannot be written"
    exit 0
fi
done_in "$HOME/.cache/gan_dist/runs/quickstart" 1
says out "$tree cannot be written" "$HOME/.cache/gan_dist"
[ -e "$HOME/.cache/gan_dist/build/gan_dist" ] || fail "no build in the cache"
