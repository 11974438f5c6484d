# shellcheck shell=bash
# Sourced by the tests of smoke/ and dist/ with the program's path as first argument: a folder of their own to work in, the
# program on any number of ranks, what to expect of it. The folder, and every process that runs from it, is gone at the end.
set -eu -o pipefail
# shellcheck source=launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../launch/common.sh"
# shellcheck source=tests/patience.sh
. "$(dirname "${BASH_SOURCE[0]}")/../patience.sh"
export LC_ALL=C
# Open MPI 5's mpirun has zero bytes among its words, for which grep takes all of them for no text.
grep() {
    command grep -a "$@"
}
# Open MPI itself leaks, in modules that are gone when the leaks are listed.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
# After a failure mpirun waits so many seconds, twice, although all ranks have ended.
export OMPI_MCA_odls_base_sigkill_timeout=0
unset SLURM_NTASKS SLURM_STEP_NUM_TASKS SLURM_PROCID
export -n GAN_DIST
unset GAN_BUILD # the tests' own scripts have their own
# What is tested is the CPU's, also where there are GPUs.
[[ $(realpath "$0") =~ /tests/(cuda|gpu)/ ]] || export CUDA_VISIBLE_DEVICES=

temp=$(mktemp -d "${TMPDIR:-/tmp}/gan_dist-test.XXXXXXXX")
gan=$temp/gan_dist # the name by which this test's processes are found
ln -s "$(realpath "$1")" "$gan"
cd "$temp"
printf '%s' "$gan" >.name
status=0

# The process ids of this test's runs, the oldest first. The pattern comes from a file, so that grep does not find itself.
processes() {
    (cd "$temp" && grep -laFs -f .name /proc/[0-9]*/cmdline || true) | cut -d/ -f3 | sort -n
}

clean_up() {
    local ids
    ids=$(processes)
    # shellcheck disable=SC2086 # one word an id
    [ -z "$ids" ] || kill -KILL $ids 2>/dev/null || true
    cd /
    rm -rf "$temp"
}
trap clean_up EXIT

fail() {
    echo "FAILED: $*" >&2
    for file in out err; do
        [ ! -s "$temp/$file" ] || { echo "--- the last $file" && tail -n 30 "$temp/$file"; } >&2
    done
    exit 1
}

skip() {
    echo "SKIPPED: $*"
    exit 77
}

# --- running -------------------------------------------------------------------------------------

# set_command RANKS WORDS...: the array `command`. 0 ranks: without mpirun.
set_command() {
    local ranks=$1
    shift
    command=("$gan" "$@")
    [ "$ranks" -eq 0 ] || command=(mpirun --oversubscribe --bind-to none -np "$ranks" "${command[@]}")
}

# run RANKS WORDS...: to its end; leaves `status` and the files out and err.
run() {
    start "$@"
    wait_for_end
}

# start RANKS WORDS...: in the background; leaves `started`, its process id (mpirun's, when there are ranks).
start() {
    set_command "$@"
    start_command "$temp/out" "$temp/err"
}

# start_command OUT ERR
start_command() {
    "${command[@]}" </dev/null >"$1" 2>"$2" &
    started=$!
}

# wait_for_end: leaves `status`. What does not end is described before it is killed.
wait_for_end() {
    local end=$((SECONDS + 3 * patience))
    while kill -0 "$started" 2>/dev/null; do
        if [ "$SECONDS" -ge "$end" ]; then
            describe_processes >&2
            fail "no end after $((3 * patience)) s: ${command[*]}"
        fi
        sleep 0.02
    done
    status=0
    wait "$started" || status=$?
}

describe_processes() {
    local id
    for id in $(processes); do
        echo "--- process $id: $(tr '\0' ' ' <"/proc/$id/cmdline")"
        grep -E '^(State|SigBlk|ShdPnd)' "/proc/$id/status"
        ! command -v gdb >/dev/null || timeout 30 gdb -p "$id" -batch -ex 'thread apply all bt 16' 2>/dev/null | grep -E '^#|^Thread'
    done
}

# wait_until WHAT COMMAND...: polls.
wait_until() {
    local what=$1 end=$((SECONDS + patience))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "waited $patience s for: $what"
        sleep 0.1
    done
}

nobody_left() {
    [ -z "$(processes)" ]
}

# train RANKS WORDS...: must succeed.
train() {
    run "$@"
    [ "$status" -eq 0 ] || fail "exit status $status of: ${command[*]}"
}

# --- expectations --------------------------------------------------------------------------------

# says FILE TEXT...
says() {
    local file=$1 text
    shift
    for text; do
        grep -qF -e "$text" "$file" || fail "'$text' is not in $file"
    done
}

# said_once: err holds one line of the program's, which begins with its name; the rest is mpirun's. A launch script says it again, as the
# last line, behind what mpirun says.
said_once() {
    local times
    times=$(grep -cF 'gan_dist: ' err || :)
    [ "$times" -eq 1 ] || { [ "$times" -eq 2 ] && [ "$(grep '^gan_dist: ' err | sort -u)" = "$(tail -n 1 err)" ]; } ||
        fail "the message is said $times times"
    [ "$(grep '^gan_dist: ' err | sort -u | wc -l)" -eq 1 ] || fail "not one line that starts with 'gan_dist: '"
    if grep -F '[rank ' err; then fail "a rank speaks for itself"; fi
}

# refuses STATUS RANKS [TEXT...] -- WORDS...: one message that holds every TEXT, this exit status, nobody left hanging.
refuses() {
    local wanted=$1 ranks=$2 texts=()
    shift 2
    while [ "$1" != -- ]; do
        texts+=("$1")
        shift
    done
    shift
    run "$ranks" "$@"
    [ "$status" -eq "$wanted" ] || fail "exit status $status, not $wanted, of: ${command[*]}"
    said_once
    grep '^gan_dist: ' err | sort -u >message
    says message "${texts[@]}"
    [ "$ranks" -gt 0 ] || [ "$(wc -l <err)" -eq 1 ] || fail "more than one line on standard error"
    wait_until "the end of all ranks" nobody_left
}

# refused STATUS ...: alone, and on two ranks.
refused() {
    refuses "$1" 0 "${@:2}"
    refuses "$1" 2 "${@:2}"
}

# same FILE FILE
same() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

# snapshot FOLDER: its files and their hashes, without the lock's, which names the last process that took it.
snapshot() {
    (cd "$1" && find . -type f ! -name lock -exec sha256sum {} + | sort -k 2)
}

# unchanged FOLDER SNAPSHOT
unchanged() {
    diff <(snapshot "$1") <(printf '%s\n' "$2") >&2 || fail "$1 has changed"
}

newest() {
    find "$1/checkpoints" -name 'step-*.safetensors' | sort | tail -n 1
}

# same_run FOLDER FOLDER: the last checkpoint, the losses of every step, every sample grid.
same_run() {
    same "$(newest "$1")" "$(newest "$2")"
    losses "$1" >a.losses
    losses "$2" >b.losses
    same a.losses b.losses
    (cd "$1/samples" && sha256sum ./*) >a.samples
    (cd "$2/samples" && sha256sum ./*) >b.samples
    same a.samples b.samples
}

# losses FOLDER: log.csv without its times.
losses() {
    cut -d, -f1-8 "$1/log.csv"
}

# png_is FILE WIDTH HEIGHT
png_is() {
    local found wanted
    [ -f "$1" ] || fail "$1 is not there"
    [ "$(head -c 8 "$1" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "$1 is no PNG"
    [ "$(tail -c 8 "$1" | head -c 4)" = IEND ] || fail "$1 does not end as a PNG"
    found=$(head -c 24 "$1" | tail -c 8 | od -An -tx1 | tr -d ' \n')
    wanted=$(printf '%08x%08x' "$2" "$3")
    [ "$found" = "$wanted" ] || fail "$1 is 0x$found large, not 0x$wanted ($2 x $3)"
}

# --- small things to train on --------------------------------------------------------------------

# write_config FILE: a network of 16x16 grey pictures, batch 16.
write_config() {
    cat >"$1" <<'END'
[generator]
noise  = uniform 8
layers = dense 4x4x16 bn relu | deconv 4 s2 8 bn relu | deconv 4 s2 1 tanh
[discriminator]
layers = conv 4 s2 8 lrelu | conv 4 s2 16 bn lrelu | dense 1
[train]
batch = 16
steps = 20
[data]
path     = faces:80
height   = 16
width    = 16
channels = 1
[output]
log_every    = 1
sample_every = 5
sample_num   = 10
[run]
threads = 1
END
}

# write_conditional FILE: the same for pictures with labels 0..2.
write_conditional() {
    write_config "$1"
    sed -i -e 's/dense 4x4x16/label dense 4x4x16/' -e 's/| dense 1/| label dense 1/' \
        -e 's/^channels = 1/&\nclasses = 3\nlabels = file/' "$1"
}

# be32 NUMBER: four bytes, the highest first.
be32() {
    # shellcheck disable=SC2059 # the format is made here
    printf "$(printf '\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}

# write_idx FILE COUNT HEIGHT WIDTH: pictures; FILE-labels: 0 1 2 0 1 2 ...
write_idx() {
    local i
    {
        be32 $((0x803))
        be32 "$2"
        be32 "$3"
        be32 "$4"
        head -c $(($2 * $3 * $4)) <(seq 1 100000000)
    } >"$1"
    {
        be32 $((0x801))
        be32 "$2"
        for ((i = 0; i < $2; i++)); do
            # shellcheck disable=SC2059
            printf "\\x0$((i % 3))"
        done
    } >"$1-labels"
}
