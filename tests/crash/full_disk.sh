#!/usr/bin/env bash
# full_disk.sh PROGRAM: a disk that is full, or read-only, at the start, in the middle of a run and at its last save: a failed save
# is told and tried again, what was saved stays, and the bytes at the end are those of a run on a good disk. The disks are small
# tmpfs in mount namespaces of this test's own.
set -euo pipefail

if [ -z "${GAN_TEST_OWN_MOUNTS:-}" ]; then
    unshare --mount mount -t tmpfs gan_dist-try /tmp || {
        echo "SKIPPED: no file system can be mounted here (needs root, with CAP_SYS_ADMIN)"
        exit 77
    }
    GAN_TEST_OWN_MOUNTS=yes exec unshare --mount --propagation private bash "${BASH_SOURCE[0]}" "$@"
fi

# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
words=(--config net.ini --sample-every 0 --log-every 20)

# The processes first: they keep the disks busy.
clean_up_disks() {
    local ids
    ids=$(processes)
    # shellcheck disable=SC2086 # one word an id
    [ -z "$ids" ] || kill -KILL $ids 2>/dev/null || true
    umount --recursive --lazy "$temp/disk" 2>/dev/null || true
    clean_up
}
trap clean_up_disks EXIT

mkdir disk
mount -t tmpfs -o size=4m gan_dist-test disk

# fill_disk BYTES: all but so many.
fill_disk() {
    ! head -c 100M /dev/zero 2>/dev/null >disk/balloon || fail "100 MB on a disk of 4"
    truncate -s "-$1" disk/balloon
}
free_disk() {
    rm disk/balloon
}

# stays_full: a save that was on its way when the disk was filled may have found room, and given back that of an older one.
stays_full() {
    head -c 100M /dev/zero 2>/dev/null >>disk/balloon || has_said "$1"
}

has_newer() {
    [ "$(newest disk/run)" != "$before" ]
}
has_said() {
    grep -qF -e "$1" err
}
# The step of the last line of the log on standard output.
step_told() {
    sed -n 's/.*  step \([0-9]*\)\/.*/\1/p' out | tail -n 1
}
# A row after the time without room: the rows that were kept meanwhile stand before it.
log_caught_up() {
    [ "$(tail -n 1 disk/run/log.csv | cut -d, -f1)" -gt "$told" ]
}
went_on() {
    [ "$(step_told)" -gt $((told + 100)) ]
}

# nothing_lost: the newest checkpoint is the one from before, whole, and no half one lies beside it.
nothing_lost() {
    [ "$(newest disk/run)" = "$before" ] || fail "$(newest disk/run), not $before, is the newest checkpoint"
    "$gan" info "$before" | grep -q '^checked  *yes' || fail "$before is not whole"
    [ -z "$(find disk/run/checkpoints -name '*.tmp')" ] || fail "half a checkpoint is left on the full disk"
}

# ends_as_whole: five steps more, and all of them in one go on a good disk; every row of the log is there.
ends_as_whole() {
    local last
    last=$(newest disk/run)
    last=${last##*step-}
    last=$((10#${last%.safetensors} + 5))
    train 2 "${words[@]}" --out disk/run --steps "$last"
    says out 'resuming from'
    rm -rf whole
    train 1 "${words[@]}" --out whole --steps "$last" --checkpoint-every 0
    same "$(newest disk/run)" "$(newest whole)"
    diff <(seq 20 20 "$last") <(cut -d, -f1 disk/run/log.csv | grep -E '^[0-9]*[02468]0$') || fail "rows of log.csv are lost"
}

# At the start, in a new folder and in one with a checkpoint.
fill_disk 0
refused 1 'No space left on device' -- "${words[@]}" --out disk/run
free_disk
train 2 "${words[@]}" --out disk/run --steps 10
before=$(newest disk/run)
fill_disk 0
refused 1 'No space left on device' -- "${words[@]}" --out disk/run --steps 20
nothing_lost
free_disk
ends_as_whole
echo "full at the start: refused, and nothing lost"

# While it trains: told, tried again, and later it works again.
before=$(newest disk/run)
start 2 "${words[@]}" --out disk/run --steps 100000000 --checkpoint-every 50
wait_until "a checkpoint" has_newer
fill_disk 0
wait_until "word of a save that failed" stays_full 'checkpoints/step-'
says err 'checkpoints/step-'
told=$(step_told)
before=$(newest disk/run)
wait_until "a hundred steps more" went_on
nothing_lost
free_disk
wait_until "a checkpoint on the freed disk" has_newer
wait_until "the rows of the log" log_caught_up
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75, after a disk that was full for a while"
ends_as_whole
echo "full for a while: $before stayed, and the run went on to $(newest disk/run)"

# A folder that becomes read-only for a while.
before=$(newest disk/run)
start 2 "${words[@]}" --out disk/run --steps 100000000 --checkpoint-every 50
wait_until "a checkpoint" has_newer
mount -t tmpfs -o ro gan_dist-test disk/run/checkpoints
wait_until "word of a save that failed" has_said 'Read-only file system'
told=$(step_told)
wait_until "a hundred steps more" went_on
umount disk/run/checkpoints
before=$(newest disk/run)
wait_until "a checkpoint in the folder" has_newer
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75, after a folder that was read-only for a while"
ends_as_whole
echo "read-only for a while: the run went on to $(newest disk/run)"

# The last save, of a run that is complete and of one that is asked to stop.
before=$(newest disk/run)
last=${before##*step-}
last=$((10#${last%.safetensors} + 5))
fill_disk 64K
refused 1 'No space left on device' 'checkpoints/step-' -- "${words[@]}" --out disk/run --steps "$last"
nothing_lost
says disk/run/status.json '"failed"' 'No space left on device'
start 2 "${words[@]}" --out disk/run --steps 100000000 --checkpoint-every 0
running() {
    grep -q '"running"' disk/run/status.json
}
wait_until "a running run" running
kill -USR1 "$started"
wait_for_end
case $status in 0 | 75) fail "exit status $status, although the state is not saved" ;; esac
says err 'No space left on device'
nothing_lost
free_disk
ends_as_whole
echo "full at the last save: told, $before stayed"

# Read-only at the start.
mount -o remount,ro disk
before=$(snapshot disk)
refused 2 disk/run -- "${words[@]}" --out disk/run --steps 100000000
refused 2 disk/new 'Read-only file system' -- "${words[@]}" --out disk/new
unchanged disk "$before"
echo "read-only at the start: refused"
