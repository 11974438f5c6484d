#!/usr/bin/env bash
# step_graph.sh PROGRAM [all]: a step as one graph, on the stand-in: the bytes of the same calls one by one, for every shape of an order, over
# grids, saves and log lines that interrupt it, after a resume; and where there is no graph, the reason is said.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
all=${2:-}
write_config net.ini
words=(--config net.ini --backend cuda --log-every 9 --steps 12)
export CUDASIM_POLICY=random
RANDOM=${GAN_TEST_SEED:-$$}
echo "GAN_TEST_SEED=${GAN_TEST_SEED:-$$} gives these orders again"

# both NAME WORDS...: with and without.
both() {
    local name=$1 graph
    shift
    for graph in off auto; do
        train 0 "${words[@]}" --graph "$graph" --out "$name-$graph" "$@"
        if [ "$graph" = off ]; then says out 'none: run.graph = off'; else says out 'one launch a step'; fi
    done
    same_run "$name-off" "$name-auto"
}
tree=(--set train.reduce=tree) # its shards are those of more ranks
both plain "${tree[@]}"
[ -z "$all" ] || both zDzG --set 'train.order=z D z G' --log-every 20
both both --set 'train.order=z (D G)' "${tree[@]}"
both last_D --set 'train.order=z G G D' --set train.adam=pytorch

# Labels come up as the pictures do, before the launch.
if [ -n "$all" ]; then
    write_conditional labels.ini
    write_idx labelled 80 16 16
    words[1]=labels.ini
    both labels --data labelled
    words[1]=net.ini
fi

# Sums by NCCL are in it, D's in two parts.
sums=(tree)
[ -z "$all" ] || sums+=(nccl)
for reduce in "${sums[@]}"; do
    for graph in off auto; do
        CUDASIM_DEVICES=2 CUDASIM_SEED=$RANDOM train 2 "${words[@]}" --set "train.reduce=$reduce" --graph "$graph" --out "$reduce-$graph"
    done
    says out 'one launch a step'
    same_run "$reduce-off" "$reduce-auto"
done
same_run plain-off tree-auto
train 2 "${words[@]}" --steps 1 --set train.comm=mpi --out staged
says out 'none: exchanges go through the host'

# Where two exchanges begin at the end of a step, one of them must end in the graph.
CUDASIM_DEVICES=2 train 2 "${words[@]}" --set 'train.order=z (D G)' --set train.reduce=tree --out joined
same_run both-off joined

# What a graph repeats is not the wish of the day on which it was made.
has_done() {
    [ "$(sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' "$1/status.json")" -ge "$2" ]
}
start 0 "${words[@]}" --log-every 1000000 --sample-every 0 --checkpoint-every 0 --check-every 0 \
    --steps 100000000 --out stopped
wait_until "some steps" has_done stopped 20
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75, of a run that was asked to stop"

# The last finished step is saved at the request, out of what the device keeps while it goes on. A step's state is never whole where
# graphs meet: its last update is in the next one.
for graph in off auto; do
    kept=''
    for try in {1..20}; do # a short step may end before the host waits for it
        rm -rf "kept-$graph"
        start 0 "${words[@]}" "${tree[@]}" --graph "$graph" --log-every 1000000 --sample-every 0 --checkpoint-every 0 --check-every 0 \
            --steps 100000000 --out "kept-$graph"
        wait_until "some steps" has_done "kept-$graph" $((RANDOM % 20 + 8))
        kill -USR1 "$started"
        wait_for_end
        kept=$(sed -n 's/^asked to stop (SIGUSR1) in step.*; step \([0-9]*\) is saved$/\1/p' out)
        [ -z "$kept" ] || break
    done
    [ -n "$kept" ] || fail "no step was saved at the request, $try times"
    train 0 "${words[@]}" "${tree[@]}" --steps "$kept" --out "until-$graph"
    file=$(printf 'checkpoints/step-%08d.safetensors' "$kept")
    same "kept-$graph/$file" "until-$graph/$file"
done

train 0 "${words[@]}" "${tree[@]}" --steps 7 --out halves
train 0 "${words[@]}" "${tree[@]}" --out halves
same "$(newest plain-off)" "$(newest halves)"

train 0 "${words[@]}" --set generator.noise_paired=yes --steps 1 --out paired
says out "none: noise is drawn by the pictures' places"

# The fifth step is recorded, and from then on it is a graph that is launched. breaks CALL WHERE: the call that fails ends the run.
breaks() {
    rm -rf broken
    CUDASIM_FAIL=$1:1 run 0 "${words[@]}" --out broken
    [ "$status" -eq 1 ] || fail "exit status $status, not 1, when $1 fails"
    says err "cuda backend: at $2: " 'on device 0 ('
}
breaks cudaStreamBeginCapture capture_begin
breaks cudaStreamEndCapture capture_end
breaks cudaGraphInstantiateWithFlags capture_end
breaks cudaGraphLaunch graph_launch

# within CALL TEXT: so does a call while the step is recorded, the first of this name; all: also the 2nd, 4th, 8th and so on, to the end.
within() {
    local n plan
    for ((n = 1; n == 1 || ${#all} > 0; n = 2 * n)); do
        plan=captured.$1:$n
        rm -rf broken
        CUDASIM_FAIL=$plan run 0 "${words[@]}" --steps 6 --out broken
        [ "$status" -ne 0 ] || break
        [ "$status" -eq 1 ] || fail "exit status $status, not 1, with $plan"
        [ "$(wc -l <err)" -eq 1 ] || fail "not one line with $plan"
        says err 'cuda backend: at ' "$2" 'on device 0 ('
    done
    [ "$n" -gt 1 ] || fail "no $1 is recorded"
}
within cublasGemmEx 'cuBLAS says'
within launch 'too many resources'
within cudaMemcpyAsync 'unknown error'
