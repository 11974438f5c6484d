#!/usr/bin/env bash
# stop.sh PROGRAM [all]: SIGTERM, SIGINT or SIGUSR1, to one rank, to mpirun or to a run alone: the step ends, its state is saved, the
# status is 75, and the same command goes on. After all the stops the bytes are those of a run that nobody stopped.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
# mpirun, told to end, waits so many seconds before it tells the ranks, and as many more before it kills what has not ended. All
# the while it reads nothing, so a rank that prints much would wait for ever: few lines.
export OMPI_MCA_odls_base_sigkill_timeout=1
words=(--config net.ini --sample-every 0 --checkpoint-every 1 --log-every 50)

# Open MPI 5's mpirun, told to end, kills the ranks after a quarter of a second, in which a step may or may not end: nothing is
# promised then but that the run goes on from its last checkpoint to the same bytes.
five=''
[[ $(mpirun --version) != *'Open MPI'*' 5.'* ]] || five=yes

# rows FOLDER
rows() {
    if [ -e "$1/log.csv" ]; then wc -l <"$1/log.csv"; else echo 1; fi
}
has_rows() {
    [ "$(rows "$1")" -ge "$2" ]
}
# step_of FOLDER: where it stopped.
step_of() {
    sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' "$1/status.json"
}
# The ids of the ranks, without mpirun's.
ranks_of() {
    processes | grep -vx "$started"
}

# stop SIGNAL RANKS WHOM: one, mpirun or alone.
stop() {
    local before ids
    before=$(rows run)
    OMPI_MCA_odls_base_sigkill_timeout=1
    [ "$3" != mpirun ] || OMPI_MCA_odls_base_sigkill_timeout=10 # for a step and a save, on a busy machine
    start "$2" "${words[@]}" --out run --steps 100000000
    wait_until "some steps" has_rows run $((before + 1))
    case $3 in
    one)
        ids=$(ranks_of)
        kill -"$1" "$(tail -n 1 <<<"$ids")"
        ;;
    *) kill -"$1" "$started" ;;
    esac
    wait_for_end
    wait_until "the end of all ranks" nobody_left
    if [ "$3$1" != mpirunUSR1 ] && [ "$3" = mpirun ] && [ -n "$five" ]; then
        echo "$1 to $3: not looked at, it gives the ranks a quarter of a second; the last checkpoint is of step $(step_of run)"
        return
    fi
    says run/status.json '"stopped"' 'asked to stop'
    says out 'stopped on request' 'the same command goes on'
    done=$(step_of run)
    [ -f "$(printf 'run/checkpoints/step-%08d.safetensors' "$done")" ] || fail "$1 to $3: step $done is not saved"
    # mpirun has a status of its own when it is the one who is told to end.
    [ "$3$1" = mpirunTERM ] || [ "$3$1" = mpirunINT ] || [ "$status" -eq 75 ] || fail "$1 to $3: exit status $status, not 75"
    echo "$1 to $3: stopped after step $done"
}

stop TERM 2 one
stop TERM 2 mpirun
stop INT 2 mpirun
stop USR1 0 alone
if [ "${2:-}" = all ]; then
    stop TERM 0 alone
    stop INT 2 one
    stop INT 0 alone
    stop USR1 2 one
    stop USR1 2 mpirun
fi

# finish FOLDER WORDS...: a few steps more, and the same number in one go.
finish() {
    local folder=$1 steps
    shift
    steps=$(($(step_of "$folder") + 2))
    train 2 "$@" --out "$folder" --steps "$steps"
    train 1 "$@" --out "$folder-whole" --steps "$steps" --checkpoint-every 0
    losses "$folder" >a.losses
    losses "$folder-whole" >b.losses
    same a.losses b.losses
    same "$(newest "$folder")" "$(newest "$folder-whole")"
}
finish run "${words[@]}"

# In the middle of large matrix products, where a thread's stack pointer may be no place for a signal's frame: the threads that
# compute must block the signals.
threads_block() {
    local task ticks mask computing=0
    for task in "/proc/$1/task"/*; do
        ticks=$(sed 's/.*) //' "$task/stat" | cut -d' ' -f12)
        [ "$ticks" -ge 5 ] || continue
        computing=$((computing + 1))
        mask=$((16#$(sed -n 's/^SigBlk:[[:space:]]*//p' "$task/status")))
        [ $((mask & 0x4202)) -eq $((0x4202)) ] || fail "a thread that computes takes signals (SigBlk $mask)"
    done
    [ "$computing" -ge "$2" ] || fail "$computing threads compute, not $2"
}
words=(--preset dcgan64 --data faces:64 --batch 32 --sample-every 0 --log-every 1 --checkpoint-every 0)
for threads in 1 2; do
    before=$(rows large)
    start 0 "${words[@]}" --out large --threads "$threads" --steps 100000000
    wait_until "two steps" has_rows large $((before + 2))
    threads_block "$started" "$threads"
    sleep "0.$((RANDOM % 90 + 10))"
    kill -TERM "$started"
    wait_for_end
    [ "$status" -eq 75 ] || fail "TERM to a large network: exit status $status, not 75"
done
finish large "${words[@]}"

# In a step of some seconds: two requests that come at once are one, a later one ends the process at once, in that step.
words=(--preset dcgan64 --data faces:256 --batch 256 --threads 1 --sample-every 0 --log-every 1 --checkpoint-every 0)
runs() {
    grep -q '"running"' "$1/status.json"
}
for way in together later; do
    start 0 "${words[@]}" --out "$way" --steps 2
    wait_until "the first step" runs "$way"
    # Both wait for the process to go on, so that however busy the machine is, they come at once.
    kill -STOP "$started"
    kill -TERM "$started"
    [ "$way" = later ] || kill -INT "$started"
    kill -CONT "$started"
    while [ "$way" = later ] && sleep 0.8 && kill -TERM "$started" 2>/dev/null; do :; done
    wait_for_end
    echo "two requests, $way: status $status"
    case $way in
    together) [ "$status" -eq 75 ] && has_rows "$way" 2 || fail "exit status $status, not 75, or not after the step" ;;
    later) [ "$status" -eq 143 ] && ! has_rows "$way" 2 || fail "exit status $status, not 143, or not in the step" ;;
    esac
done
