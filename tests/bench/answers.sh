#!/usr/bin/env bash
# answers.sh PROGRAM: what must answer at once does: `check` on two ranks in a second and a half, a refusal by launch/local.sh in ten.
# The best of five each; on a busy machine this says nothing.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
export GAN_DIST=$gan
write_config net.ini

check() {
    train 2 check --threads 1
}
refusal() {
    (unset OMPI_MCA_odls_base_sigkill_timeout && ! "$gan_root/launch/local.sh" 2 --config net.ini --batch 0 >out 2>err) ||
        fail "a batch of 0 is not refused"
}

# answers LIMIT WHAT: in milliseconds.
answers() {
    local best=$((1000 * patience)) from took
    for _ in 1 2 3 4 5; do
        from=$(date +%s%N)
        "$2"
        took=$((($(date +%s%N) - from) / 1000000))
        [ "$took" -ge "$best" ] || best=$took
    done
    echo "$2: $best ms, at most $1 are allowed"
    [ "$best" -lt "$1" ] || fail "$2 took $best ms at best, not under $1"
}
answers 1500 check
answers 10000 refusal
