#!/usr/bin/env bash
# kill.sh PROGRAM: SIGKILL to ranks or to mpirun at a random moment, again and again: nothing is left hanging, and in the end
# the bytes are those of a run that nobody killed.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini
words=(--config net.ini --sample-every 0 --checkpoint-every 2)
RANDOM=${GAN_TEST_SEED:-$$}
echo "GAN_TEST_SEED=${GAN_TEST_SEED:-$$} gives these moments again"

newest_now() {
    [ ! -d run/checkpoints ] || newest run
}
moved_on() {
    [ "$(newest_now)" != "$before" ]
}

resumes=0
for ((round = 0; round < 8; round++)); do
    before=$(newest_now)
    start 2 "${words[@]}" --out run --steps 100000000
    # Every other time also while it starts.
    [ $((round % 2)) -eq 1 ] || wait_until "a checkpoint" moved_on
    sleep "0.$((RANDOM % 900 + 100))"
    mapfile -t ids < <(processes | grep -vx "$started")
    case $((round % 3)) in
    0) kill -KILL "${ids[@]}" ;;
    1) kill -KILL "${ids[RANDOM % ${#ids[@]}]}" ;;
    2) kill -KILL "$started" ;;
    esac
    wait_for_end
    [ "$status" -ne 0 ] && [ "$status" -ne 75 ] || fail "exit status $status after SIGKILL"
    wait_until "the end of all ranks" nobody_left
    ! grep -q 'resuming from' out || resumes=$((resumes + 1))
    echo "killed: $(newest_now)"
done
[ "$resumes" -ge 3 ] || fail "only $resumes of 7 starts came as far as to resume"

last=$(newest_now)
last=${last##*step-}
last=$((10#${last%.safetensors} + 5))
train 2 "${words[@]}" --out run --steps "$last"
says out 'resuming from'
train 1 "${words[@]}" --out whole --steps "$last" --checkpoint-every 0
losses run >a.losses
losses whole >b.losses
same a.losses b.losses
same "$(newest run)" "$(newest whole)"
[ -z "$(find run -name '*.tmp')" ] || fail "a temporary file is left"
