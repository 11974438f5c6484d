#!/usr/bin/env bash
# program.sh PROGRAM [TOOL...]: the program on a real device, under a TOOL such as compute-sanitizer where one is given: two runs give
# the same bytes, so do a run with a stop, one without the CUDA graph, and one with the pictures in the host's memory; the losses of
# the first step are those of ref; `generate` works.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
tool=("${@:2}")
write_config net.ini
words=(--config net.ini --backend cuda --precision fp32 --check-every 2)

# on_device WORDS...
on_device() {
    "${tool[@]}" "$gan" "$@" >out 2>err || fail "exit status $? of: ${tool[*]} gan_dist $*"
}

on_device "${words[@]}" --steps 8 --out one
[ "${#tool[@]}" -eq 0 ] || exit 0
on_device "${words[@]}" --steps 8 --out again
same_run one again
on_device "${words[@]}" --steps 8 --graph off --out eager
same_run one eager
on_device "${words[@]}" --steps 8 --set run.pictures=host --out host
same_run one host

on_device "${words[@]}" --steps 5 --out halves
on_device "${words[@]}" --steps 8 --out halves
same "$(newest one)" "$(newest halves)"

on_device --config net.ini --backend ref --steps 8 --out ref
paste -d, <(losses one | sed -n 2p) <(losses ref | sed -n 2p) | awk -F, '
    { for (i = 3; i <= 8; i++) { d = $i - $(i + 8); if (d < 0) d = -d; if (d > worst) worst = d } }
    END { printf "the first losses differ from those of ref by at most %.1e\n", worst; exit !(NR > 0 && worst <= 1e-2) }' ||
    fail "the losses are not those of ref"

on_device generate --checkpoint "$(newest one)" --out nine.png --num 9 --backend cuda
png_is nine.png 48 48
