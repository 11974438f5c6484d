#!/usr/bin/env bash
# cut_for_good.sh PROGRAM: the cable between two hosts is pulled out and stays out. The ranks that can be heard name those that
# cannot; past the time-out the ranks end on both hosts, and mpirun with them. With a cable again, the same command goes on and
# ends with the bytes of an undisturbed run.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
two_hosts_up
write_config net.ini
words=(--config net.ini --out run --checkpoint-every 5 --stall-warning 2s --stall-timeout 10s)

start 4 "${words[@]}" --steps 100000000
wait_until "some steps" has_rows run 20
cut_cable b
begin=$SECONDS
wait_for_end
echo "mpirun ended after $((SECONDS - begin)) s"
[ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status"
grep -E 'rank' err | grep -F hostb || fail "no line names ranks and their host"

no_ranks_left() {
    [ -z "$(on_host a gan_dist "${launcher_names[@]}")$(on_host b gan_dist)" ]
}
wait_until "the end of the ranks on both hosts" no_ranks_left
echo "the last rank ended after $((SECONDS - begin)) s"
[ $((SECONDS - begin)) -le 300 ] || fail "that is too long" # a kernel gives up after 900
# Open MPI's daemon stays until its kernel gives up sending what it has to say; that takes a quarter of an hour.
in_host b sh -c 'echo 3 >/proc/sys/net/ipv4/tcp_retries2'
wait_until "the end of the daemon" no_job_left

mend_cable b
last=$(newest run)
last=${last##*step-}
last=$((10#${last%.safetensors} + 5))
train 4 "${words[@]}" --steps "$last"
says out 'resuming from'
train 0 --config net.ini --out alone --steps "$last"
same_run alone run
