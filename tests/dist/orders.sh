#!/usr/bin/env bash
# orders.sh PROGRAM [RANKS...]: every order of updates, loss and kind of layer that the presets use gives the same bytes on one
# rank and on each of RANKS (2 and 8). Small networks.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
shift
[ $# -gt 0 ] || set -- 2 8
all_ranks=("$@")
write_config net.ini
write_conditional labels.ini
write_idx labelled 80 16 16

# everywhere NAME WORDS...
everywhere() {
    local name=$1 ranks
    shift
    train 0 "$@" --steps 6 --out "$name" --threads 2
    for ranks in "${all_ranks[@]}"; do
        train "$ranks" "$@" --steps 6 --out "$name-$ranks" --threads 1 --check-every 1
        same_run "$name" "$name-$ranks"
    done
}

everywhere zDzG --config net.ini --set 'train.order=z D z G'
everywhere both --config net.ini --set 'train.order=z (D G)'
everywhere zDGG --config net.ini --set 'train.order=z D G G' --set train.adam=pytorch
everywhere softmax --config net.ini --set train.loss=softmax \
    --set 'discriminator.layers=conv 4 s2 8 lrelu | dense 2' --set data.mirror=yes
everywhere labels --config labels.ini --data labelled
everywhere paired --config net.ini --set generator.noise_paired=yes --set 'generator.noise=normal 8' --batch 40
everywhere ref --config net.ini --backend ref
