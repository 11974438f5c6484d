#!/usr/bin/env bash
# kill.sh PROGRAM KILLS: SIGKILL to all ranks, to one, to mpirun or to a run alone, while it starts, while it runs or in the middle
# of a save, again and again: nothing is left hanging, no checkpoint is lost or damaged, and in the end the bytes are those of a
# run that nobody killed.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
kills=$2
write_config net.ini
words=(--config net.ini --sample-every 0 --checkpoint-every 1)
RANDOM=${GAN_TEST_SEED:-$$}
echo "GAN_TEST_SEED=${GAN_TEST_SEED:-$$} gives these moments again"

newest_now() {
    [ ! -d run/checkpoints ] || newest run
}
moved_on() {
    [ "$(newest_now)" != "$before" ]
}
ranks_there() {
    mapfile -t ids < <(processes | grep -vx "$started")
    [ "${#ids[@]}" -eq 2 ]
}

# wait_for_moment starts|runs|saves: leaves `ids`, the processes of the ranks.
wait_for_moment() {
    local end=$((SECONDS + patience))
    ids=("$started")
    [ "$1" = starts ] || wait_until "a checkpoint" moved_on
    [ "$ranks" -eq 0 ] || wait_until "two ranks" ranks_there
    if [ "$1" != saves ]; then
        sleep "0.$((RANDOM % 500 + 100))"
        return
    fi
    until compgen -G 'run/checkpoints/*.tmp' >/dev/null; do # without a pause in which a save could pass
        [ "$SECONDS" -lt "$end" ] || fail "no save in $patience s"
    done
}

# Open MPI 5's mpirun may miss the end of a rank that is killed while it starts, and then waits for ever: it is ended, and that is said.
five=''
[[ $(mpirun --version) != *'Open MPI'*' 5.'* ]] || five=yes
end_deaf_mpirun() {
    local end=$((SECONDS + 60))
    while kill -0 "$started" 2>/dev/null; do
        if [ "$SECONDS" -ge "$end" ] && [ "$(processes)" = "$started" ]; then
            echo "mpirun has missed the end of its ranks"
            kill -KILL "$started"
        fi
        sleep 0.1
    done
}

# strike WHOM
strike() {
    case $1 in
    all) kill -KILL "${ids[@]}" ;;
    one) kill -KILL "${ids[RANDOM % ${#ids[@]}]}" ;;
    mpirun) kill -KILL "$started" ;;
    esac
}

moments=(runs starts saves)
victims=(all one mpirun all)
resumes=0 torn=0
declare -A counts
for ((round = 0; round < kills; round++)); do
    before=$(newest_now)
    ranks=$((round % 4 == 3 ? 0 : 2))
    moment=${moments[round % 3]}
    victim=${victims[round % 4]}
    [ "$moment" != saves ] || victim=all
    start "$ranks" "${words[@]}" --out run --steps 100000000
    wait_for_moment "$moment"
    strike "$victim"
    [ -z "$five" ] || end_deaf_mpirun
    wait_for_end
    case $status in 0 | 75) fail "exit status $status after SIGKILL" ;; esac
    wait_until "the end of all ranks" nobody_left
    ! grep -q 'resuming from' out || resumes=$((resumes + 1))
    ! grep 'passed over' err || fail "a kill has damaged a checkpoint"
    [[ ! $(newest_now) < $before ]] || fail "$before is gone"
    ! compgen -G 'run/checkpoints/*.tmp' >/dev/null || torn=$((torn + 1))
    counts[$moment]=$((${counts[$moment]:-0} + 1))
done
echo "$kills kills: ${counts[starts]} from the start on, ${counts[runs]} while running, ${counts[saves]} aimed at a save;" \
    "$torn left half a save, $resumes starts came as far as to resume; last: $(newest_now)"
[ "$resumes" -ge $((kills / 3)) ] || fail "only $resumes of $kills starts came as far as to resume"
[ "$torn" -ge $((kills / 20)) ] || fail "only $torn kills fell into a save"

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
