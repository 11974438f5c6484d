#!/usr/bin/env bash
# container.sh PROGRAM: it starts where little is there: no ssh, no network, no environment, a user without a name or a home, a long
# host name, a file system that cannot be written to, the shell of a Slurm job; alone, and on two ranks by launch/local.sh.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini
chmod 755 .
mkdir -m 777 outs
words=(--config "$temp/net.ini" --steps 2 --sample-every 0 --out "$temp/outs/run")
local_sh=$gan_root/launch/local.sh
# Of an Open MPI that stands elsewhere; and what chooses the bits.
library=(LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}" ${DNNL_MAX_CPU_ISA:+"DNNL_MAX_CPU_ISA=$DNNL_MAX_CPU_ISA"})
train 0 "${words[@]}" --out whole

# starts WORD...: with these words in front, the run ends well, alone and on two ranks.
starts() {
    starts_alone "$@"
    go "$@" env GAN_DIST="$gan" "$local_sh" 2
}
starts_alone() {
    go "$@" "$gan"
}
go() {
    echo "$*"
    rm -rf outs/run
    command=("$@" "${words[@]}")
    start_command "$temp/out" "$temp/err"
    wait_for_end
    [ "$status" -eq 0 ] || fail "exit status $status of: ${command[*]}"
    same "$(newest outs/run)" "$(newest whole)"
}

# --- what is not set, or names what is not there
mkdir bin
for file in /usr/bin/* /bin/*; do
    case ${file##*/} in ssh | ssh-* | rsh | slogin) ;; *) ln -sf "$file" bin/ ;; esac
done
without_ssh=$temp/bin
[ "$(command -v mpirun)" = /usr/bin/mpirun ] || without_ssh=$(dirname "$(command -v mpirun)"):$without_ssh
starts env PATH="$without_ssh"
starts env -i "PATH=$PATH" "${library[@]}"
starts env HOME=/nowhere/at/all
starts_alone env -i "${library[@]}"

# Two at once do not meet in MPI's folder, and leave nothing of it.
mkdir tmp
for run in one two; do
    TMPDIR=$temp/tmp "$gan" "${words[@]}" --steps 100000000 --out "outs/$run" >"$run.out" 2>&1 &
    wait_until "a step" grep -qs "^1," "outs/$run/log.csv" # its header comes before it heeds signals
done
folders=(tmp/*)
[ "${#folders[@]}" -eq 2 ] || fail "two processes, and these folders: ${folders[*]}"
mapfile -t ids < <(jobs -p)
kill -TERM "${ids[@]}"
wait || true
[ -z "$(ls -A tmp)" ] || fail "left in TMPDIR: $(ls -A tmp)"

# The shell of salloc: what Slurm says of the job does not say that copies were started. A step's tasks are.
export SLURM_JOB_ID=7 SLURM_NTASKS=8 SLURM_NNODES=2 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0
starts_alone env
SLURM_STEP_ID=0 refuses 2 0 '8 copies' srun -- "${words[@]}"
# That of salloc as an interactive step, and a step of one task in a job of eight.
starts_alone env SLURM_STEP_ID=4294967290 SLURM_STEP_NUM_TASKS=1
starts_alone env SLURM_STEP_ID=0 SLURM_STEPID=0 SLURM_STEP_NUM_TASKS=1
SLURM_STEPID=0 refuses 2 0 '8 copies' srun -- "${words[@]}"
unset SLURM_JOB_ID SLURM_NTASKS SLURM_NNODES SLURM_PROCID SLURM_LOCALID SLURM_NODEID
# Other schedulers say how large a job is, not that copies were started.
starts_alone env PBS_JOBID=7 PBS_NP=8 PBS_NUM_PPN=8 PBS_NODEFILE=/nowhere PBS_ENVIRONMENT=PBS_BATCH
starts_alone env LSB_JOBID=7 LSB_DJOB_NUMPROC=8 LSB_MCPU_HOSTS='a 4 b 4' LSB_HOSTS='a a b b'
starts_alone env JOB_ID=7 NSLOTS=8 NHOSTS=2 PE_HOSTFILE=/nowhere SGE_TASK_ID=undefined
starts_alone env WORLD_SIZE=8 RANK=0 LOCAL_RANK=0
# A launcher's variables without its number of copies.
starts_alone env OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_MCA_btl=self
starts_alone env SLURM_PROCID=0 SLURM_LOCALID=0
for variable in OMPI_COMM_WORLD_SIZE PMI_SIZE SLURM_NTASKS; do
    starts_alone env "$variable=1"
    starts_alone env "$variable="
done

if ! { [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null && unshare --net --uts --mount true 2>/dev/null; }; then
    echo "not tried, only root can: users, networks and file systems"
    exit 0
fi

# --- a user whom nobody knows
! getent passwd 54321 >/dev/null || fail "there is a user 54321"
as_nobody=(setpriv --reuid=54321 --regid=54321 --clear-groups)
starts "${as_nobody[@]}" env -u HOME
starts_alone "${as_nobody[@]}" env HOME=/root TMPDIR=/root
says err 'warning: ' 'TMPDIR=/root cannot be written to'
starts "${as_nobody[@]}" env HOME=/root TMPDIR=/root
says err 'TMPDIR=/root cannot be written to; taking'
# shellcheck disable=SC2016 # expanded there
without_passwd=(unshare --mount bash -c 'mount --bind /dev/null /etc/passwd && exec "$@"' bash)
starts "${without_passwd[@]}" env -u HOME
if [ ! -w / ] || "${as_nobody[@]}" test ! -w /; then
    (cd / && "${as_nobody[@]}" "$gan" --config "$temp/net.ini" --out here) >out 2>err && fail "a run in a folder that is closed"
    says err 'gan_dist: here: cannot create the folder'
fi

# --- a name of 63 letters; with dots; no network
long=$(printf 'h%.0s' {1..63})
# shellcheck disable=SC2016
named=(unshare --uts bash -c 'hostname "$1" && shift && exec "$@"' bash)
starts "${named[@]}" "$long"
starts "${named[@]}" "${long:0:30}.${long:0:20}.example"
starts_alone unshare --net
status=0
GAN_DIST=$gan unshare --net "$local_sh" 2 "${words[@]}" >out 2>err || status=$?
[ "$status" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] || fail "exit status $status, not 1, or not one line, without any interface"
says err 'no network interface is up'
if command -v ip >/dev/null; then
    # shellcheck disable=SC2016
    starts unshare --net bash -c 'ip link set lo up && exec "$@"' bash
fi

# --- file systems: a small /dev/shm; none but --out's that can be written to
# shellcheck disable=SC2016
starts unshare --mount bash -c 'mount -t tmpfs -o size=64k none /dev/shm && exec "$@"' bash
says err 'warning: ' '/dev/shm is too small' "share memory in files in ${TMPDIR:-/tmp}"
cat >read_only <<'END'
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=777 none /mnt
mount -t tmpfs -o mode=1777 none /dev/shm
for folder in / /tmp /var/tmp /run; do
    mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder"
done
! touch /tmp/file 2>/dev/null || exit 99
"$@"
END
# on_read_only WORD...: it trains there.
on_read_only() {
    unshare --mount bash read_only "${as_nobody[@]}" env -u HOME -u TMPDIR "$@" --config "$temp/net.ini" --steps 2 --out /mnt/run \
        >out 2>err || fail "exit status $? on a file system that cannot be written to: $*"
    says out /mnt/run/checkpoints/step-00000002.safetensors
}
on_read_only "$gan"
on_read_only env GAN_DIST="$gan" "$local_sh" 2
sed -i 's,/var/tmp /run,& /dev/shm,' read_only
status=0
unshare --mount bash read_only "$gan" "${words[@]}" --out /mnt/run >out 2>err || status=$?
[ "$status" -eq 1 ] || fail "exit status $status, not 1, where nothing can be written to"
said_once
says err TMPDIR
