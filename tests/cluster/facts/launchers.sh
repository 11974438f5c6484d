#!/usr/bin/env bash
# launchers.sh PROGRAM: launch/local.sh and launch/common.sh: a signal to the script, or Ctrl-C, is a wish to stop; a failure ends
# at once; status 0 of mpirun is not believed; cores are shared out; what the user or the site has set stays.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../smoke/lib.sh"
# As users have it. GAN_DIST is what the scripts start.
unset OMPI_MCA_odls_base_sigkill_timeout
export GAN_DIST=$gan
write_config net.ini
words=(--config net.ini --sample-every 0 --log-every 100 --threads 1)
local_sh=$gan_root/launch/local.sh

# --- signals -----------------------------------------------------------------------------------------

has_rows() {
    [ -e run/log.csv ] && [ "$(wc -l <run/log.csv)" -ge 2 ]
}

# start_local: the script in a process group of its own, as a shell starts what a user types; then it takes SIGINT.
start_local() {
    rm -rf run
    set -m
    command=("$local_sh" 2 "${words[@]}" --out run --steps 100000000)
    start_command out err
    set +m
    wait_until "some steps" has_rows
}

stopped() {
    [ "$status" -eq 75 ] || fail "$1: exit status $status, not 75"
    says run/status.json '"stopped"' 'asked to stop'
    [ -n "$(newest run)" ] || fail "$1: nothing is saved"
    wait_until "the end of all ranks" nobody_left
}

for signal in TERM INT HUP USR1; do
    start_local
    kill -"$signal" "$started"
    wait_for_end
    stopped "SIG$signal to launch/local.sh"
done

# Two of them end the run at once, long before the ranks give up waiting (300 s).
start_local
kill -STOP "$(processes | tail -n 1)" # a rank that cannot end its step
from=$SECONDS
while kill -INT "$started" 2>/dev/null; do
    sleep 1 # sooner, or if the first has not come to the ranks by then, it is the same wish
    [ $((SECONDS - from)) -le 100 ] || break
done
wait_for_end
[ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after two signals"
[ $((SECONDS - from)) -le 100 ] || fail "two signals took $((SECONDS - from)) s"
wait_until "the end of all ranks" nobody_left

if command -v script >/dev/null; then
    rm -rf run
    typed() {
        wait_until "some steps" has_rows
        printf '\003'
    }
    status=0
    typed | script -qefc "exec $local_sh 2 ${words[*]} --out run --steps 100000000" /dev/null >out 2>err || status=$?
    stopped "Ctrl-C to launch/local.sh"
else
    echo "not tried, no script(1): Ctrl-C at a terminal"
fi

# --- a failure: its own status ---------------------------------------------------------------------------

status=0
"$local_sh" 2 "${words[@]}" --batch 0 >out 2>err || status=$?
[ "$status" -eq 2 ] || fail "exit status $status, not 2"
says err "gan_dist: --batch"
# last_line: the reason stands last, behind what mpirun has to say, and where that is nothing it stands alone.
last_line() {
    [[ $(tail -n 1 err) == "$1"* ]] || fail "'$1' is not the last line"
    grep -q 'gan_dist: the launcher' err && fail "the word to the listener is not taken out"
    return 0
}
last_line 'gan_dist: --batch'
[ "$(grep -c '^gan_dist: ' err)" -eq 2 ] || fail "the reason is not said once more"
for words_of in 'check --bacth 3' 'pack --data x --out y --bacth 3'; do
    status=0
    # shellcheck disable=SC2086
    "$local_sh" 2 $words_of >out 2>err || status=$?
    [ "$status" -eq 2 ] || fail "exit status $status, not 2"
    last_line 'gan_dist: unknown option --bacth'
done
"$local_sh" 2 check --config net.ini >out 2>err || fail "no check"
says out 'ranks      2 on 1 host' ready

# refused_start TEXT WORD...: by the script itself, before mpirun, in one line.
refused_start() {
    status=0
    "$local_sh" "${@:2}" >out 2>err || status=$?
    [ "$status" -ne 0 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] || fail "exit status $status of local.sh ${*:2}"
    says err "$1"
}
for number in 0 03 100000 -np; do
    refused_start 'the number of ranks comes first' "$number" check
done
GAN_DIST=$temp refused_start "not a program that may be run: $temp" 1 check
GAN_DIST=$temp/net.ini refused_start "not a program that may be run: $temp/net.ini" 1 check

# --- status 0: only of a training that rank 0 calls done ------------------------------------------------

"$local_sh" 2 "${words[@]}" --out honest >out 2>err || fail "exit status $? of a training that is done"
says honest/status.json '"done"'
! grep -q gan_dist: err || fail "the word to the script is not taken out"
# This mpirun loses what it starts, as that of Open MPI 5 does with a host, and the folder says `done` of an earlier run.
mkdir lost
cat >lost/mpirun <<'E1'
#!/bin/sh
[ "$1" != --version ] || { echo 'mpirun (Open MPI) 5.0.0'; exit; }
echo 'some words of mpirun' >&2
exit "$GAN_TEST_STATUS"
E1
chmod +x lost/mpirun
# with_lost STATUS WORDS...: leaves `status`.
with_lost() {
    status=0
    GAN_TEST_STATUS=$1 PATH=$temp/lost:$PATH "$local_sh" 2 "${@:2}" >out 2>err || status=$?
    says err 'some words of mpirun'
}
for word in '' train; do
    # shellcheck disable=SC2086 # no word, or one
    with_lost 0 $word "${words[@]}" --out honest
    [ "$status" -eq 1 ] || fail "exit status $status, not 1, of a run that was lost"
    says err 'has not said that it is done'
done
with_lost 75 "${words[@]}" --out honest
[ "$status" -eq 75 ] || fail "exit status $status, not 75"
for word in check 'bench --bench-steps 1' --help 'train --help' --version; do
    # shellcheck disable=SC2086
    with_lost 0 $word
    [ "$status" -eq 0 ] || fail "exit status $status, not 0, of $word"
done
# This one does not notice that its ranks have ended: two words of rank 0, half a line of others, then nothing.
mkdir deaf
cat >deaf/mpirun <<'E1'
#!/bin/sh
[ "$1" != --version ] || { echo 'mpirun (Open MPI) 5.0.0'; exit; }
printf 'gan_dist: here\nhalf a line, gan_dist: here\n, its end\n' >&2
exec sleep 1000
E1
chmod +x deaf/mpirun
status=0
# shellcheck disable=SC2016 # expanded there
PATH=$temp/deaf:$PATH bash -c '. "$1/launch/common.sh"; gan_deaf_seconds=10; gan_mpirun "$gan_program"' deaf "$gan_root" 2>err || status=$?
case $status in 0 | 75) fail "exit status $status of an mpirun that had to be ended" ;; esac
says err 'half a line, , its end' 'nothing was heard of rank 0 for 10 s'
! grep 'gan_dist: ' err || fail "words to the script are not taken out"
# Another MPI's mpirun does not know the scripts' words.
printf '#!/bin/sh\necho "HYDRA build details:"\n' >lost/mpirun
status=0
PATH=$temp/lost:$PATH "$local_sh" 2 "${words[@]}" --out no >out 2>err || status=$?
[ "$status" -eq 1 ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] || fail "exit status $status with another MPI's mpirun"
says err "$temp/lost/mpirun is not the mpirun of Open MPI"

# --- what the ranks are given ---------------------------------------------------------------------------

# seen WORDS...: the environment of rank 0 of those that local.sh starts, by a program that prints it: mpirun cuts what several
# print in pieces of its own, and mixes them.
printf '#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" != 0 ] || env\n[ -z "$GAN_TELL_LAUNCHER" ] || echo "gan_dist: done" >&2\n' >show
chmod +x show
seen() {
    GAN_DIST=$temp/show "$local_sh" "$@" >seen.out 2>err || fail "local.sh $*"
}
has() {
    grep -qx -e "$1" seen.out || fail "the ranks do not see $1"
}
has_not() {
    if grep -q -e "^$1" seen.out; then fail "the ranks see $1"; fi
}

seen 1
has OMPI_COMM_WORLD_SIZE=1
has_not OMP_WAIT_POLICY
has_not NCCL_DEBUG
has_not OMPI_MCA_odls_base_sigkill_timeout # as long, twice, mpirun waits after a failure: a second, if nobody says more
seen 2 --threads 64
has OMPI_COMM_WORLD_SIZE=2
has OMP_WAIT_POLICY=passive
seen 2 --set x.y=z --threads=64 --steps 1
has OMP_WAIT_POLICY=passive
OMP_WAIT_POLICY=active seen 2 --threads 64
has OMP_WAIT_POLICY=active
GAN_DEBUG=1 NCCL_DEBUG=WARN seen 1
has NCCL_DEBUG=WARN
has OMPI_MCA_btl_base_verbose=30
GAN_DEBUG=1 seen 1
has NCCL_DEBUG=INFO

cat >site.env <<'E2'
export OMPI_MCA_btl_base_verbose=7 NCCL_SOCKET_IFNAME=eth9
E2
GAN_SITE=$temp/site.env GAN_DEBUG=1 seen 1
has OMPI_MCA_btl_base_verbose=7
has NCCL_SOCKET_IFNAME=eth9
for site in "$gan_root"/cluster/sites/*.env; do
    GAN_SITE=$site seen 1
done
status=0
GAN_SITE=$temp/nowhere.env "$local_sh" 1 >out 2>err || status=$?
[ "$status" -eq 2 ] || fail "exit status $status, not 2, without the site's file"
says err "GAN_SITE names $temp/nowhere.env"

# Ranks are cores, as many as a power of two allows; where the program can use GPUs they are what nvidia-smi counts.
unset CUDA_VISIBLE_DEVICES # which the tests set, so that no GPU of this machine is used
mkdir bin
printf '#!/bin/sh\nfor i in 0 1 2; do echo "GPU $i: Some (UUID: GPU-$i)"; done\n' >bin/nvidia-smi
chmod +x bin/nvidia-smi
ranks=1
while [ $((2 * ranks)) -le "$(gan_cores)" ]; do
    ranks=$((2 * ranks))
done
PATH=$temp/bin:$PATH seen --preset quickstart
has "OMPI_COMM_WORLD_SIZE=$ranks"
PATH=$temp/bin:$PATH seen --preset quickstart --backend cuda
has OMPI_COMM_WORLD_SIZE=3
PATH=$temp/bin:$PATH seen 1 --backend cuda
has OMPI_COMM_WORLD_SIZE=1
touch libgan_cuda.so
PATH=$temp/bin:$PATH seen --preset quickstart
has OMPI_COMM_WORLD_SIZE=3
PATH=$temp/bin:$PATH CUDA_VISIBLE_DEVICES=1,2 seen --preset quickstart
has OMPI_COMM_WORLD_SIZE=2
PATH=$temp/bin:$PATH seen --preset quickstart --backend=cpu
has "OMPI_COMM_WORLD_SIZE=$ranks"
OMP_NUM_THREADS=1 seen
has "OMPI_COMM_WORLD_SIZE=$ranks"

# --- places -----------------------------------------------------------------------------------------

# The words of Open MPI 5 for this are others, and so is its picture.
if ! [[ $(mpirun --version) == *' 4.'* ]]; then
    echo "not tried, not Open MPI 4: which cores the ranks are bound to"
    exit 0
fi
# places RANKS TOPOLOGY: where mpirun would put the ranks, on a machine of 16 cores that is not there.
places() {
    (
        gan_real_cores() {
            echo 16
        }
        gan_cores() {
            echo 16
        }
        gan_place "$1"
        HWLOC_SYNTHETIC=$2 timeout "$patience" mpirun --host localhost:16 "${gan_placing[@]}" --display-map --do-not-launch \
            -np "$1" true 2>/dev/null | sed -n 's/.*Bound: [^:]*:*\(\[[].[B/]*\).*/\1/p; s/.*Bound: UNBOUND/UNBOUND/p'
    )
}
same <(places 2 'package:2 core:8 pu:1') <(printf '%s\n' '[B/B/B/B/B/B/B/B][./././././././.]' '[./././././././.][B/B/B/B/B/B/B/B]')
places 4 'package:2 core:8 pu:1' >map
[ "$(wc -l <map)" -eq 4 ] && [ "$(sort -u map | wc -l)" -eq 4 ] || fail "$(cat map): not four places for four ranks"
! grep -q 'B\]\[B' map || fail "$(cat map): a rank on two sockets"
[ "$(places 16 'package:2 core:8 pu:2' | sort -u | grep -c BB)" -eq 16 ] || fail "16 ranks do not get a core each"
! places 3 'package:2 core:8 pu:1' | grep -q B/ || fail "three ranks are bound to shares of 16 cores"
