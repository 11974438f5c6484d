#!/usr/bin/env bash
# presets.sh PROGRAM COMPARE WAY PRESET...: each preset by cuda, on the stand-in, and by a backend of the CPU, from the same weights,
# noise and pictures. WAY is
#   a precision (fp32): one step, against ref: the losses, and every tensor's gradient, of which Adam's first moment is then half.
#       Both networks' are taken of the same weights, whatever the preset's order: D's update, in which Adam moves a weight by a
#       whole step whichever sign a tiny gradient has, would leave G's some percent apart;
#   steps: four steps, against cpu: the losses of each, and then the networks;
#   cpu_steps: the same of cpu against ref, without cuda: where the limits of `steps` come from.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
compare=$2
way=$3
presets=("${@:4}")
precision=fp32
case $way in
steps) one=cpu other=cuda ;;
cpu_steps) one=ref other=cpu ;;
*) one=ref other=cuda precision=$way ;;
esac

# at_most LIMIT NUMBER WHAT
at_most() {
    awk -v a="$2" -v limit="$1" 'BEGIN { exit !(a <= limit) }' || fail "$3: $2 is more than $1"
}

# train_both PRESET WORDS...: leaves a folder of each backend's name.
train_both() {
    local preset=$1 backend numbers
    shift
    for backend in "$one" "$other"; do
        numbers=fp32
        [ "$backend" != cuda ] || numbers=$precision
        rm -rf "$backend"
        train 0 --preset "$preset" --shards 2 --threads 1 --backend "$backend" --precision "$numbers" \
            --out "$backend" --log-every 1 --sample-every 0 "$@"
    done
}

# Float sums of another order differ by 1e-6 or so of the largest value, and a batch norm over four numbers makes that a hundred
# times as much: 3e-4 at most, where a dense layer's 3636 products are added one by one; 1e-5 if they were added in double.
check_gradients() {
    local tensor error
    "$compare" "$(newest "$one")" "$(newest "$other")" >apart
    sed "s/^/$1: /" apart
    while read -r tensor error; do
        at_most 1e-3 "$error" "$1, $tensor"
    done <apart
}

# check_networks PRESET LIMIT
check_networks() {
    local part error
    "$compare" "$(newest "$one")" "$(newest "$other")" weights >apart
    sed "s/^/$1: /" apart
    grep -q 'generator.weights' apart || fail "$1: no weights were compared"
    while read -r part error; do
        at_most "$2" "$error" "$1, $part"
    done <apart
}

# check_losses PRESET LIMIT...: of the first step, of the second ...; the last limit is that of the rest. Of a loss over 1 it is a part.
check_losses() {
    losses "$one" | tail -n +2 >one.losses
    losses "$other" | tail -n +2 >other.losses
    paste -d, one.losses other.losses | awk -F, -v limits="${*:2}" '
        BEGIN { n = split(limits, limit, " ") }
        { worst = 0
          for (i = 3; i <= 8; i++) { a = $i < 0 ? -$i : $i; d = ($i - $(i + 8)) / (a > 1 ? a : 1); if (d < 0) d = -d
                                     if (!(d <= worst)) worst = d }
          text = text sprintf(" %.1e", worst); if (!(worst <= limit[NR < n ? NR : n])) wrong = 1 }
        END { printf "losses and opinions of each step differ by at most%s\n", text; exit !(NR > 0) || wrong }' ||
        fail "$1: the losses differ"
}

write_idx digits 40 28 28
for preset in "${presets[@]}"; do
    data=(--data faces:40 --set data.skip=0)
    [ "$preset" != cdcgan-mnist ] || data=(--data digits --set data.skip=0)
    case $way in
    *steps)
        # Measured, cuda against cpu, and in brackets cpu against ref, the largest of all presets. Without a batch norm nothing
        # multiplies rounding: 3e-7 (3e-7) in every step. With them over 4 pictures a shard the losses are 2e-6 (1.4e-6) apart in
        # the first step, 3e-5 (6e-4) in the second. Then the signs of tiny gradients, whichever Adam moves a weight a whole step,
        # tell the runs apart: 5e-3 (7e-3), and at the end 0.012 (0.012) of a network's weights and 0.008 (0.012) of its statistics,
        # which hold the means of biases whose gradient is rounding alone. Each further step doubles that, so there are four.
        train_both "$preset" "${data[@]}" --batch 8 --steps 4
        if [ "$preset" = mlp-mnist ]; then
            check_losses "$preset" 3e-6
            check_networks "$preset" 3e-6
        else
            check_losses "$preset" 3e-5 1e-3 2e-2
            check_networks "$preset" 3e-2
        fi
        ;;
    *)
        train_both "$preset" "${data[@]}" --batch 4 --steps 1 --set 'train.order=z (D G)'
        check_gradients "$preset"
        check_losses "$preset" 1e-4
        ;;
    esac
done
