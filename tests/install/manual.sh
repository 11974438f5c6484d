#!/usr/bin/env bash
# manual.sh PROGRAM BUILD: the manual page is read without complaint, bash completes what the tables say, and the program runs
# every command that the tables have.
build=$(realpath "${2:?BUILD}")
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
page=$build/manual/gan_dist.1
completion=$build/manual/gan_dist.bash

# --- the page ----------------------------------------------------------------------------------------

readers=0
# quiet COMMAND...: says nothing on standard error, and does not fail.
quiet() {
    readers=$((readers + 1))
    "$@" >out 2>err || fail "$* fails"
    [ ! -s err ] || fail "$* complains"
}
if command -v groff >/dev/null; then quiet groff -man -ww -Tascii "$page"; fi
if command -v man >/dev/null && [ -x "$(command -v groff)" ]; then quiet man -l --warnings "$page"; fi
if command -v mandoc >/dev/null; then quiet mandoc -T lint -W warning "$page"; fi

# --- completion --------------------------------------------------------------------------------------

if command -v shellcheck >/dev/null; then quiet shellcheck "$completion"; fi
# shellcheck source=/dev/null
. "$completion"

# offers WORDS... : sets `offered` to what bash would offer for the last word. bash splits words at '='.
offers() {
    COMP_WORDS=(gan_dist "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _gan_dist gan_dist "${*: -1}" ""
    offered=" ${COMPREPLY[*]} "
}

# offers_all "WORDS..." WORDS...: each of the first is offered for the last of the rest.
offers_all() {
    local word
    offers "${@:2}"
    for word in $1; do
        [[ $offered == *" $word "* ]] || fail "'$word' is not offered for: ${*:2}; offered: $offered"
    done
}

# offers_only WORD WORDS...
offers_only() {
    offers "${@:2}"
    [ "$offered" = " $1 " ] || fail "not '$1' alone is offered for: ${*:2}; offered: $offered"
}

"$gan" help >help
mapfile -t commands < <(sed -nE 's/^gan_dist \[?([a-z-]+).*/\1/p' help)
[ "${#commands[@]}" -eq 9 ] || fail "help lists ${#commands[@]} commands"
mapfile -t options < <(sed -nE 's/^  (--[a-z-]+) .*/\1/p' help)
[ "${#options[@]}" -gt 20 ] || fail "help lists ${#options[@]} options"
mapfile -t presets < <("$gan" presets | cut -d' ' -f1)

offers_all "${commands[*]}" ''
offers_only generate gen
offers_only --version --ver
for command in train check bench pack; do
    offers_all "${options[*]}" "$command" --
done
offers_all "${options[*]}" --
offers_all "${options[*]}" --batch 8 --
offers_all "--checkpoint --mode --num --class --out --seed" generate --
offers_all "--bench-steps --count" bench --
offers_all "--steps --data" bench --count --
offers_all "${presets[*]}" presets ''
offers_all "${presets[*]}" --preset ''
offers_only dcgan64 train --preset dcgan6
offers_only dcgan64 train --preset = dcgan6
offers_all "auto off" --graph ''
offers_all "auto off" --graph =
offers_all "auto cpu ref cuda" check --backend ''
offers_only fp32 --precision f
offers_only images generate --mode im
offers_only train.batch= --set train.ba
offers_only tensorflow --set train.adam = te
offers_only no --set data.crop = n
offers --batch ''
[ "$offered" = "  " ] || fail "a number is completed: $offered"
# A value for each option of the help that names its choices there.
while read -r option choices; do
    offers_all "${choices//|/ }" "$option" ''
done < <(sed -nE 's/^  (--[a-z-]+) ([a-z|]+\|[a-z]+)( .*|$)/\1 \2/p' help)

mkdir 'a folder' other
touch 'a folder/net.ini' a.safetensors
offers --config 'a\ fol'
[ "${COMPREPLY[*]}" = 'a folder' ] || fail "a file with a blank: $offered"
offers --config 'a\ folder/n'
[ "${COMPREPLY[*]}" = 'a folder/net.ini' ] || fail "a file in a folder with a blank: $offered"
offers_only a.safetensors generate --checkpoint a.
offers_only a.safetensors info a.s
offers_only other --data = oth
offers_only a.safetensors --resume a.
offers_all "auto a.safetensors" --resume a

# --- commands ----------------------------------------------------------------------------------------

for command in "${commands[@]}"; do
    run 0 "$command" --no-such-word
    if grep -E "unknown command|unexpected word|unknown option $command" err; then fail "help knows $command, main does not"; fi
done
refuses 2 0 "unknown command 'generat' (did you mean 'generate'?)" -- generat

[ "$readers" -gt 0 ] || skip "the page: no groff, man or mandoc here, and no shellcheck; all else is well"
echo "${#commands[@]} commands and ${#options[@]} options: page and completion are well ($readers readers)"
