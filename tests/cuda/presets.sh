#!/usr/bin/env bash
# presets.sh PROGRAM COMPARE PRECISION PRESET...: one step of each preset by cuda, on the stand-in, and by ref, from the same weights,
# noise and pictures: the losses, and every tensor's gradient, of which Adam's first moment is then half.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
compare=$2
precision=$3
presets=("${@:4}")

# at_most LIMIT NUMBER WHAT
at_most() {
    awk -v a="$2" -v limit="$1" 'BEGIN { exit !(a <= limit) }' || fail "$3: $2 is more than $1"
}

# train_both PRESET WORDS...: leaves the folders ref and cuda.
train_both() {
    local preset=$1 backend numbers
    shift
    for backend in ref cuda; do
        numbers=fp32
        [ "$backend" = ref ] || numbers=$precision
        rm -rf "$backend"
        train 0 --preset "$preset" --batch 4 --shards 2 --threads 1 --steps 1 --backend "$backend" --precision "$numbers" \
            --out "$backend" --log-every 1 --sample-every 0 "$@"
    done
}

# Float sums of another order differ by 1e-6 or so of the largest value, and a batch norm over four pictures makes that a hundred
# times as much. G's gradient is taken after D's update, which moves a weight by a whole step whichever sign a tiny gradient has.
check_gradients() {
    local tensor error
    "$compare" "$(newest ref)" "$(newest cuda)" >apart
    sed "s/^/$1: /" apart
    while read -r tensor error; do
        case $tensor in
        optimizer.discriminator.*) at_most 1e-3 "$error" "$1, $tensor" ;;
        optimizer.generator.*) at_most 1e-2 "$error" "$1, $tensor" ;;
        esac
    done <apart
}

check_losses() {
    losses ref | tail -n +2 >ref.losses
    losses cuda | tail -n +2 >cuda.losses
    paste -d, ref.losses cuda.losses | awk -F, -v limit="$2" '
        { for (i = 3; i <= 8; i++) { d = $i - $(i + 8); if (d < 0) d = -d
                                     if (d > worst) worst = d } }
        END { printf "losses and opinions differ by at most %.1e\n", worst; exit !(NR > 0 && worst <= limit) }' ||
        fail "$1: the losses differ"
}

write_idx digits 40 28 28
for preset in "${presets[@]}"; do
    data=(--data faces:40 --set data.skip=0)
    [ "$preset" != cdcgan-mnist ] || data=(--data digits --set data.skip=0)
    train_both "$preset" "${data[@]}"
    check_gradients "$preset"
    check_losses "$preset" 1e-4
done
