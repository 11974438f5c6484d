#!/usr/bin/env bash
# terminated.sh PROGRAM ROUNDS [SECONDS]: SIGTERM and Ctrl-C to mpirun itself, which gives its ranks a second, or a quarter, in steps that
# take longer: what was logged is saved, the program says so, and after all rounds the bytes are those of a run that nobody stopped.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
rounds=$2
# As a user has it; or SECONDS, on machines that are too busy for that.
unset OMPI_MCA_odls_base_sigkill_timeout
[ -z "${3:-}" ] || export OMPI_MCA_odls_base_sigkill_timeout=$3
words=(--preset dcgan64 --data faces:256 --batch 128 --sample-every 0 --log-every 1 --checkpoint-every 0)
RANDOM=${GAN_TEST_SEED:-$$}
echo "GAN_TEST_SEED=${GAN_TEST_SEED:-$$} gives these moments again"

# logged: the last step that this start has told of. Not that of log.csv, where a step may stand that was not saved.
logged() {
    local last
    last=$(grep -o '  step [0-9]*/' out | tail -n 1) || :
    echo "${last//[^0-9]/}" | grep . || echo 0
}
has_logged() {
    [ "$(logged)" -ge "$1" ]
}
step_of_run() {
    sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' run/status.json
}

five=''
[[ $(mpirun --version) != *'Open MPI'*' 5.'* ]] || five=yes
ended=0 saved=0
signals=(TERM INT)
for ((round = 0; round < rounds; round++)); do
    signal=${signals[round % 2]}
    start 2 "${words[@]}" --out run --steps 100000000
    wait_until "a step" has_logged $((saved + 1))
    sleep "$((RANDOM % 3)).$((RANDOM % 900 + 100))"
    known=$(logged)
    kill -"$signal" "$started"
    wait_for_end
    wait_until "the end of all ranks" nobody_left
    saved=$(step_of_run)
    says run/status.json '"stopped"' "asked to stop"
    # Whatever mpirun gets, the ranks get that. That of Open MPI 5 hands on nothing that they say from then on.
    [ -n "$five" ] || says out "asked to stop (SIGTERM) in step"
    [ "$saved" -ge "$known" ] || fail "round $round: step $known was logged and step $saved is saved"
    [ -s "$(printf 'run/checkpoints/step-%08d.safetensors' "$saved")" ] || fail "round $round: step $saved is not there"
    ! grep -q 'stopped on request' out || ended=$((ended + 1))
done
echo "$rounds times: up to step $saved; $ended times the step under way came to its end"

train 2 "${words[@]}" --out run --steps $((saved + 1))
says out "resuming from run/checkpoints/$(printf 'step-%08d' "$saved")"
! grep 'passed over' err || fail "a damaged checkpoint"
train 1 "${words[@]}" --out whole --steps $((saved + 1))
losses run >a.losses
losses whole >b.losses
same a.losses b.losses
same "$(newest run)" "$(newest whole)"
