#!/usr/bin/env bash
# commands.sh PROGRAM: presets, check, bench, info, help, version.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

# --- presets: each is a configuration file, and gives what its name gives --------------------------
train 0 presets
cut -d' ' -f1 out >names
for name in mlp-mnist gan-mnist anime96 dcgan32-mnist cdcgan-mnist dcgan48-anime dcgan64 quickstart; do
    grep -qx -e "$name" names || fail "preset $name is not listed"
done
train 2 presets
[ "$(cut -d' ' -f1 out)" = "$(cat names)" ] || fail "two ranks list something else than one"
while read -r name; do
    train 0 presets "$name"
    cp out "$name.ini"
    train 0 check --preset "$name"
    grep '^estimated' out | sed 's/for preset.*//' >by-name
    train 0 check --config "$name.ini"
    grep '^estimated' out | sed 's/for preset.*//' >by-file
    same by-name by-file
done <names
refused 2 gan-mnits gan-mnist -- presets gan-mnits
refuses 2 0 dcgan64 -- presets quickstart dcgan64

# --- check -----------------------------------------------------------------------------------------
train 0 check
says out 'ranks      1 on 1 host' threads backend estimated quickstart memory core ready
train 2 check --config net.ini --threads 1
says out 'ranks      2 on 1 host' 'threads    1 a rank' ready
[ "$(grep -cx ready out)" -eq 1 ] || fail "more than one rank speaks"
refused 2 train.shards 'does not divide' -- check --config net.ini --shards 7
refuses 2 3 'batch of 16' '3 ranks' -- check --config net.ini
refused 1 MiB -- check --preset dcgan64 --batch 1048576 --shards 1
train 2 check --threads 1

# --- bench -----------------------------------------------------------------------------------------
for ranks in 0 2; do
    train "$ranks" bench --config net.ini --bench-steps 2
    says out 'images/s' 'GFLOP/s' 'peak' 'MiB' 'ms a step on rank 0: data' ' D ' ' G ' exchange optimiser output
    [ "$(wc -l <out)" -eq 2 ] || fail "not two lines"
done
[ -z "$(find . -name 'runs*' -o -name '*.csv')" ] || fail "bench leaves files"
refused 2 '--bench-steps' -- bench --config net.ini --bench-steps 0
refuses 2 0 '--bench-step' '--bench-steps' -- bench --config net.ini --bench-step 2

# --- info ------------------------------------------------------------------------------------------
train 0 --config net.ini --out run --steps 3 --sample-every 0
train 0 info "$(newest run)"
cp out alone
says alone 'generator.main.0.weight' 'discriminator.main.0.weight' 'checksums of header and data agree' 'optimiser'
grep -qE '^step +3$' alone || fail "info does not say the step"
train 2 info "$(newest run)"
same alone out
head -c 30000 "$(newest run)" >torn
refused 1 torn -- info torn
refused 1 net.ini 'safetensors' -- info net.ini
: >empty
refuses 1 0 empty -- info empty
refuses 2 0 nothing 'No such file' -- info nothing
refuses 2 0 run -- info run
refuses 2 0 'info FILE' -- info

# --- help and version: once, whoever is asked -------------------------------------------------------
for words in help --help -h '--steps 3 --help'; do
    # shellcheck disable=SC2086
    train 2 $words
    [ "$(grep -c '^gan_dist \[train\]' out)" -eq 1 ] || fail "$words: help is not printed once"
    says out --batch --checkpoint-every quickstart 'Exit status'
done
for name in train generate check bench pack info presets; do
    train 2 help "$name"
    [ "$(grep -c '^gan_dist ' out)" -eq 1 ] || fail "help $name: not one usage"
    grep -qE "^gan_dist \[?$name" out || fail "help $name: another command's usage"
    cp out wanted
    for words in --help -h '--seed 3 --help'; do
        # shellcheck disable=SC2086
        train 0 "$name" $words
        same out wanted
    done
done
train 0 generate --help
says out --checkpoint --mode --num --class --out --seed --backend --threads --precision
if grep -e --batch out; then fail "an option of train"; fi
refused 2 'generat' "did you mean 'generate'" -- help generat
refuses 2 0 'trian' "did you mean 'train'" -- trian --help
refuses 2 0 'one command' -- help train check
train 2 --version
[ "$(wc -l <out)" -eq 1 ] || fail "the version is not one line"

# What is printed on a full disk is not all there, and that is said.
for command in help presets 'presets dcgan64'; do
    status=0
    # shellcheck disable=SC2086 # words
    "$gan" $command >/dev/full 2>err || status=$?
    [ "$status" -eq 1 ] || fail "$command on a full disk: exit status $status"
    says err 'cannot write to the standard output'
done
