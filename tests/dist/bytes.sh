#!/usr/bin/env bash
# bytes.sh PROGRAM STEPS WORDS...: a run of so many steps leaves the same bytes whoever computes it: 1, 2, 4, 8 ranks, two
# threads; with batch norm over the batch and over the shard.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
steps=$2
shift 2

# one_run FOLDER RANKS THREADS
one_run() {
    train "$2" "${words[@]}" --threads "$3" --out "$1"
    losses "$1" >"$1.losses"
    [ "$(wc -l <"$1.losses")" -eq $((steps + 1)) ] || fail "not $steps rows in $1/log.csv"
}

for bn in global shard; do
    words=("$@" --steps "$steps" --set "train.bn=$bn" --log-every 1 --sample-every "$steps" --checkpoint-every 0)
    one_run "$bn" 1 1
    for other in '2 1' '4 1' '8 1' '1 2'; do
        # shellcheck disable=SC2086 # ranks and threads
        one_run other $other
        same_run "$bn" other
        echo "batch norm $bn, ranks and threads $other: the same bytes"
        rm -rf other
    done
done
# Two that must differ, or this compares nothing.
if cmp -s "$(newest global)" "$(newest shard)"; then fail "train.bn changes nothing"; fi
