#!/usr/bin/env bash
# killed.sh PROGRAM: SIGKILL to one rank of a host, to all of them, to Open MPI's daemon: the job ends on both hosts long before
# the ranks give up waiting (300 s), and a line names the rank or the host. Started again, it goes on and ends with the bytes of an undisturbed run.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
two_hosts_up
write_config net.ini
words=(--config net.ini --out run --checkpoint-every 5)

# Of mpirun 5 one hears of the first rank that notices instead, on either stream, and of a daemon nothing, or that it was not to be
# had; or mpirun does not end, and the script ends it, ten minutes later.
also='' limit=100
[[ $(mpirun --version) == *' 4.'* ]] || limit=750
[[ $(mpirun --version) == *' 4.'* ]] ||
    also='|nothing was heard of rank 0|on node (hosta|hostb|10.77.0.3) (exited|calling)|host hostb, pid [0-9]*\) has died|Remote host: +(hosta|hostb|10.77.0.3)'

# killed WHAT LINE NUMBERS: the processes with these numbers, which `start` has started.
killed() {
    local begin=$SECONDS
    # shellcheck disable=SC2086 # one word a number
    kill -KILL $3
    wait_for_end
    wait_until "the end of the job on both hosts" no_job_left
    [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after SIGKILL to $1"
    [ $((SECONDS - begin)) -le "$limit" ] || fail "it took $((SECONDS - begin)) s to end"
    grep -qE "$2$also" out err || fail "no line says '$2'"
}
run_for_a_while() {
    local before
    before=$(rows run)
    start 4 "${words[@]}" --steps 100000000
    wait_until "steps" has_rows run $((before + 10))
}

run_for_a_while
killed "a rank" 'rank 3 with PID .* on node 10.77.0.3 exited on signal 9' "$(on_host b gan_dist | tail -n 1)"
run_for_a_while
killed "a host's ranks" 'rank [23] with PID .* on node 10.77.0.3 exited on signal 9' "$(on_host b gan_dist)"
run_for_a_while
killed "the first host's ranks" 'rank [01] with PID .* on node hosta exited on signal 9' "$(on_host a gan_dist)"
run_for_a_while
killed "a daemon" 'Remote daemon: .* on node 10.77.0.3|has not said that it is done' "$(on_host b "${daemon_names[@]}")"

last=$(newest run)
last=${last##*step-}
last=$((10#${last%.safetensors} + 5))
train 4 "${words[@]}" --steps "$last"
says out 'resuming from'
train 0 --config net.ini --out alone --steps "$last"
same_run alone run
