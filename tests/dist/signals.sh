#!/usr/bin/env bash
# signals.sh PROGRAM: what the world does to a run alone: every signal that ends a process, before and after the first step; a
# terminal that goes away; a reader of its output that goes away; a limit on the size of files. What is trained is kept, or it is said
# that it is not.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
sed -i -e 's/^sample_every = 5/sample_every = 0/' net.ini
words=(--config net.ini --log-every 50 --checkpoint-every 0)

rows() {
    if [ -e "$1/log.csv" ]; then wc -l <"$1/log.csv"; else echo 1; fi
}
has_rows() {
    [ "$(rows "$1")" -ge "$2" ]
}
step_of() {
    sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' "$1/status.json"
}
# stopped FOLDER WHY: as if by SIGTERM.
stopped() {
    local step
    [ "$status" -eq 75 ] || fail "$2: exit status $status, not 75"
    says "$1/status.json" '"stopped"' 'asked to stop'
    says out 'stopped on request' 'the same command goes on'
    step=$(step_of "$1")
    [ "$(newest "$1")" = "$(printf '%s/checkpoints/step-%08d.safetensors' "$1" "$step")" ] || fail "$2: step $step is not saved"
}

# --- each signal, once; the run goes on each time, and nothing of it is lost
names=(TERM INT HUP USR1 USR2 XCPU ALRM VTALRM PROF IO PWR STKFLT RTMIN RTMIN+3 RTMAX)
for name in "${names[@]}"; do
    before=$(rows run)
    start 0 "${words[@]}" --out run --steps 100000000
    wait_until "some steps" has_rows run $((before + 1))
    kill -"$name" "$started"
    wait_for_end
    stopped run "SIG$name"
    case $name in
    IO) says out 'asked to stop (SIGPOLL)' ;; # the same
    RT*) says out 'asked to stop (a real-time signal)' ;;
    *) says out "asked to stop (SIG$name)" ;;
    esac
done
# These end nothing.
before=$(rows run)
start 0 "${words[@]}" --out run --steps 100000000
wait_until "some steps" has_rows run $((before + 1))
for name in CHLD URG WINCH CONT PIPE XFSZ; do
    kill -"$name" "$started"
done
kill -STOP "$started"
kill -CONT "$started"
wait_until "more steps" has_rows run $(($(rows run) + 2))
# Two wishes at once are one.
kill -STOP "$started"
kill -HUP "$started"
kill -TERM "$started"
kill -CONT "$started"
wait_for_end
stopped run "SIGHUP and SIGTERM"

steps=$(($(step_of run) + 20))
train 0 "${words[@]}" --out run --steps "$steps"
train 0 "${words[@]}" --out whole --steps "$steps"
losses run >a.losses
losses whole >b.losses
same a.losses b.losses
same "$(newest run)" "$(newest whole)"

# --- the terminal goes away: with nohup the run goes on
command=(nohup "$gan" "${words[@]}" --out nohup --steps 100000000)
start_command "$temp/out" "$temp/err"
wait_until "some steps" has_rows nohup 2
kill -HUP "$started"
sleep 1
kill -HUP "$started" 2>/dev/null || fail "SIGHUP has ended a run under nohup"
wait_until "more steps" has_rows nohup $(($(rows nohup) + 2))
says nohup/status.json '"running"'
kill -TERM "$started"
wait_for_end
stopped nohup "SIGTERM under nohup"
# What else a parent ignores is a wish all the same.
command=(bash -c 'trap "" INT USR2 TERM && exec "$@"' bash "$gan" "${words[@]}" --out ignored --steps 100000000)
start_command "$temp/out" "$temp/err"
wait_until "some steps" has_rows ignored 2
kill -USR2 "$started"
wait_for_end
stopped ignored "SIGUSR2, ignored by the parent"
# A parent that blocks them all, as some launchers do.
if command -v python3 >/dev/null; then
    cat >blocked.py <<'END'
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
os.execv(sys.argv[1], sys.argv[1:])
END
    command=(python3 blocked.py "$gan" "${words[@]}" --out blocked --steps 100000000)
    start_command "$temp/out" "$temp/err"
    wait_until "some steps" has_rows blocked 2
    kill -TERM "$started"
    wait_for_end
    stopped blocked "SIGTERM, blocked by the parent"
fi

# --- before the first step: while pictures are decoded
train 0 generate --checkpoint "$(newest whole)" --num 16384 --out large.png
mkdir large
for i in {1..4000}; do ln large.png "large/$i.png"; done
opening() {
    grep -qs '"starting"' decoding/status.json
}
for name in TERM HUP INT RTMIN; do
    rm -rf decoding
    mkdir -p tmp
    command=(env TMPDIR="$temp/tmp" "$gan" "${words[@]}" --data large --out decoding --steps 2)
    start_command "$temp/out" "$temp/err"
    wait_until "the pictures are decoded" opening
    sleep 0.2
    before=$SECONDS
    kill -"$name" "$started"
    wait_for_end
    echo "SIG$name while pictures are decoded: the end after $((SECONDS - before)) s"
    [ "$status" -eq 75 ] || fail "SIG$name while pictures are decoded: exit status $status, not 75"
    [ "$(grep -c '^gan_dist: asked to stop (.*) before the first step: nothing to save$' err)" -eq 1 ] ||
        fail "SIG$name while pictures are decoded: not said"
    says decoding/status.json '"stopped"'
    [ -z "$(newest decoding)" ] && [ ! -e decoding/log.csv ] || fail "SIG$name while pictures are decoded: results"
    [ -z "$(ls -A tmp)" ] || fail "SIG$name while pictures are decoded: left in TMPDIR: $(ls -A tmp)"
done
# On two ranks, one of which is told.
rm -rf decoding
start 2 "${words[@]}" --data large --out decoding --steps 2
wait_until "the pictures are decoded" opening
sleep 0.2
kill -TERM "$(processes | grep -vx "$started" | tail -n 1)"
wait_for_end
wait_until "the end of all ranks" nobody_left
[ "$status" -ne 0 ] || fail "a rank is told to end while pictures are decoded: exit status 0"
# The same folder can be used.
train 0 "${words[@]}" --out decoding --steps 2
rm -r large

# --- nobody reads what it says
steps=(--steps 500 --log-every 1)
train 0 "${words[@]}" --out read "${steps[@]}"
# unread FOLDER: ends well, with the bytes of the one that was read.
unread() {
    [ "$status" -eq 0 ] || fail "$1: exit status $status"
    same "$(newest "$1")" "$(newest read)"
    losses "$1" >a.losses
    losses read >b.losses
    same a.losses b.losses
    [ "$(head -c 4 "$1/samples/reals.png" | tail -c 3)" = PNG ] || fail "$1: lines of the log in a picture"
    says "$1/status.json" '"done"'
}
status=0
{ "$gan" "${words[@]}" --out head "${steps[@]}" 2>err || echo $? >head.status; } | head -n 1 >out
[ ! -s head.status ] || status=$(cat head.status)
unread head
status=0
{ "$gan" "${words[@]}" --out head2 "${steps[@]}" 2>&1 || echo $? >head.status; } | true
[ ! -s head.status ] || status=$(cat head.status)
unread head2
status=0
"$gan" "${words[@]}" --out no-out "${steps[@]}" >&- 2>err </dev/null || status=$?
unread no-out
status=0
"$gan" "${words[@]}" --out no-err "${steps[@]}" >out 2>&- </dev/null || status=$?
unread no-err
status=0
"$gan" "${words[@]}" --out nothing "${steps[@]}" >&- 2>&- <&- || status=$?
unread nothing
status=0
"$gan" "${words[@]}" --out full "${steps[@]}" >/dev/full 2>/dev/full || status=$?
unread full

# --- a limit on the size of files (in KiB), as a site sets it: that of what it says, too, so that goes through a pipe
# limited KIB WORD...: leaves `both`, what it says.
limited() {
    status=0
    (ulimit -f "$1" && exec "$gan" --config net.ini "${@:2}" 2>&1) | cat >both || status=$?
}
size=$(($(stat -c %s "$(newest read)") / 1024))
limited $((size / 2)) --out small --steps 20 --checkpoint-every 5
[ "$status" -eq 1 ] || fail "no checkpoint can be saved: exit status $status, not 1"
[ "$(grep '^gan_dist: ' both)" = 'gan_dist: small/checkpoints/step-00000020.safetensors: cannot write: File too large' ] ||
    fail "not said, once, why: $(cat both)"
[ "$(grep -c '^warning: small/checkpoints/step-000000[01][05].*: cannot write: File too large; training goes on' both)" -eq 3 ] ||
    fail "three saves that fail, and not three warnings: $(cat both)"
says small/status.json '"failed"' 'File too large'
[ -z "$(ls small/checkpoints)" ] || fail "left over: $(ls small/checkpoints)"
[ "$(wc -l <small/log.csv)" -eq 21 ] || fail "not a row for each of 20 steps"
train 0 --config net.ini --out small --steps 20
train 0 --config net.ini --out unlimited --steps 20
same "$(newest small)" "$(newest unlimited)"

# A stop that cannot be saved: its number is that in the lock.
limited $((size / 2)) --log-every 50 --out stop --steps 100000000 &
started=$!
wait_until "some steps" has_rows stop 2
kill -TERM "$(sed 's/.*pid //' stop/lock)"
wait "$started"
says both 'gan_dist: stop/checkpoints/step-' 'cannot write: File too large'
says stop/status.json '"failed"'
[ -z "$(ls stop/checkpoints)" ] || fail "left over: $(ls stop/checkpoints)"

# The log is what grows too large: the run ends well, without its last rows, which is said.
limited $((size + 4)) --out log --steps 1000 --checkpoint-every 0
[ "$status" -eq 0 ] || fail "the log cannot grow: exit status $status"
says both 'warning: log/log.csv: cannot write: File too large' 'its last rows are lost'
[ "$(wc -l <log/log.csv)" -lt 1001 ] || fail "the log is whole: there was no limit"
tail -n +2 log/log.csv | awk -F, 'NF != 11 { exit 1 }' || fail "a torn row"
says log/status.json '"done"'
train 0 --config net.ini --out log-whole --steps 1000 --checkpoint-every 0
same "$(newest log)" "$(newest log-whole)"

# --- rank 0 dies: another rank says so where it no longer can
unset OMPI_MCA_odls_base_sigkill_timeout # as a user has it
start 2 "${words[@]}" --out dies --steps 100000000
wait_until "some steps" has_rows dies 2
kill -KILL "$(sed 's/.*pid //' dies/lock)"
wait_for_end
wait_until "the end of all ranks" nobody_left
says dies/status.json '"failed"' 'rank 0 '
[ "$status" -ne 0 ] || fail "exit status 0 of a run whose rank 0 was killed"
