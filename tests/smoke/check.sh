#!/usr/bin/env bash
# check.sh PROGRAM: what train would refuse, check refuses: the same exit status, the same message. It decodes nothing, however many
# pictures there are, and leaves nothing behind.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
mkdir -m 777 outs
chmod 755 .
write_config net.ini
sed -i -e 's/^steps = 20/steps = 2/' -e 's/^sample_every = 5/sample_every = 0/' net.ini
write_conditional net3.ini
train 0 --config net.ini --out outs/whole

# What stands below outs, but for what a lock and the times say.
look() {
    (find outs -printf '%P %y %s %l\n' | grep -v '/lock f ' | sort; snapshot outs)
}

# judged RANKS STATUS TEXT WORD...: check and train end with this status and the same message, which holds TEXT.
as=()
judged() {
    local ranks=$1 wanted=$2 text=$3 before word
    shift 3
    before=$(look)
    for word in check train; do
        set_command "$ranks" "$word" "$@"
        command=("${as[@]}" "${command[@]}")
        start_command "$temp/out" "$temp/err"
        wait_for_end
        [ "$status" -eq "$wanted" ] || fail "$word: exit status $status, not $wanted, of: ${command[*]}"
        grep '^gan_dist: ' err >"$word.message" || fail "$word says nothing: ${command[*]}"
        [ "$(wc -l <"$word.message")" -eq 1 ] || fail "$word: not one message: $(cat "$word.message")"
        if [ "$word" = check ]; then
            [ "$(look)" = "$before" ] || fail "check leaves something behind: $(diff <(echo "$before") <(look))"
            if grep -qx ready out; then fail "ready, and refused: ${command[*]}"; fi
        fi
    done
    says check.message "$text"
    same check.message train.message
    rm -rf outs/new
}
refused_by_both() {
    judged 0 2 "$@" --out outs/new
}
net=(--config net.ini)

# --- the configuration
refused_by_both 'train.loss = bec' "${net[@]}" --set train.loss=bec
refused_by_both 'train.order' "${net[@]}" --set 'train.order=D G'
refused_by_both 'train.order' "${net[@]}" --set 'train.order=z D Q'
refused_by_both 'train.order' "${net[@]}" --set 'train.order=z G'
refused_by_both 'the generator makes 16x16x1 pictures but the data is 32x16x1' "${net[@]}" --set data.height=32
refused_by_both 'the generator makes 16x16x1 pictures' "${net[@]}" --set data.channels=3
refused_by_both 'needs 1' "${net[@]}" --set 'discriminator.layers=conv 4 s2 8 lrelu | dense 2'
refused_by_both 'needs 2' "${net[@]}" --set train.loss=softmax
refused_by_both 'discriminator' "${net[@]}" --set 'discriminator.layers=conv 40 s2 p0 8 lrelu | dense 1'
refused_by_both 'generator' "${net[@]}" --set 'generator.layers=dens 4x4x16'
refused_by_both 'label' "${net[@]}" --set 'generator.layers=label dense 16x16x1 tanh'
refused_by_both 'train.shards' "${net[@]}" --shards 3
refused_by_both 'init' "${net[@]}" --set generator.init_conv=nomral
refused_by_both "--bach" "${net[@]}" --bach 4
refused_by_both 'nowhere.ini' --config nowhere.ini
refused_by_both 'backend' "${net[@]}" --backend tpu
for ranks in 2 3; do
    judged "$ranks" 2 'batch of 5' "${net[@]}" --batch 5 --out outs/new
done
judged 2 2 'train.loss = bec' "${net[@]}" --set train.loss=bec --out outs/new

# --- the data
refused_by_both 'no such file or folder' "${net[@]}" --data nowhere
refused_by_both 'no such file or folder' "${net[@]}" --data nowhere/below --out outs/deep/below
[ ! -e outs/deep ] || rm -r outs/deep
mkdir empty
refused_by_both 'nothing found' "${net[@]}" --data empty
refused_by_both '15 pictures are fewer than the batch of 16' "${net[@]}" --data faces:15
judged 2 2 '15 pictures are fewer than the batch of 16' "${net[@]}" --data faces:15 --out outs/new
refused_by_both 'data.skip 80 leaves none' "${net[@]}" --set data.skip=80
refused_by_both 'fewer than the batch of 16' "${net[@]}" --set data.skip=70
refused_by_both 'faces:no' "${net[@]}" --data faces:no
write_idx digits 40 16 16
refused_by_both 'digits' "${net[@]}" --data digits --batch 41
refused_by_both 'set data.classes to 3' --config net3.ini --data digits --set data.classes=2
refused_by_both 'labels' --config net3.ini --data faces
refused_by_both 'data.labels = folders' --config net3.ini --data digits --set data.labels=folders
refused_by_both 'data.classes' --config net3.ini --data digits --set data.labels=none
# write_damaged NAME COMMAND...: digits, and what the command makes of its bytes.
write_damaged() {
    "${@:2}" <digits >"damaged-$1"
    cp digits-labels "damaged-$1-labels"
}
write_damaged short head -c 5000
write_damaged header head -c 10
write_damaged nothing head -c 0
write_damaged long cat - digits
write_damaged magic sed '1s/^\x00\x00\x08\x03/\x00\x00\x0d\x03/'
write_damaged text tr '\000' 'x'
{
    be32 $((0x803)) && be32 $((0x7fffffff)) && be32 $((0x7fffffff)) && be32 $((0x7fffffff))
    tail -c +17 digits
} >damaged-huge
{
    be32 $((0x803)) && be32 40 && be32 0 && be32 16
} >damaged-flat
gzip -c damaged-text >damaged-zipped.gz
for name in short header nothing long magic text huge flat zipped.gz; do
    refused_by_both "damaged-$name" "${net[@]}" --data "damaged-$name"
done
cp digits labels-lost
refused_by_both 'labels-lost' --config net3.ini --data labels-lost
head -c 20 digits-labels >labels-lost-labels
refused_by_both 'labels-lost-labels' --config net3.ini --data labels-lost
write_idx few 20 16 16
cp few-labels labels-lost-labels
refused_by_both '20 labels for 40 pictures' --config net3.ini --data labels-lost
mkdir mnist
cp digits mnist/train-images-idx3-ubyte
refused_by_both 't10k-images-idx3-ubyte' "${net[@]}" --data mnist
write_idx mnist/t10k-images-idx3-ubyte 40 8 16
refused_by_both 'another size' "${net[@]}" --data mnist

# --- where it goes
touch outs/file
judged 0 2 'in the way' "${net[@]}" --out outs/file
judged 2 2 'in the way' "${net[@]}" --out outs/file/below
mkdir outs/samples-file
touch outs/samples-file/samples
judged 0 2 'outs/samples-file/samples' "${net[@]}" --out outs/samples-file
rm -r outs/samples-file
judged 0 2 /proc/here "${net[@]}" --out /proc/here
judged 0 2 'in the way' "${net[@]}" --out /dev/null/here
judged 0 2 'at most 4095' "${net[@]}" --out "$(printf '/x%.0s' {1..2500})"
if [ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null; then
    [ "$(id -u)" -ne 0 ] || as=(setpriv --reuid=54321 --regid=54321 --clear-groups)
    chmod a+r net.ini
    mkdir -m 555 outs/closed
    judged 0 2 'Permission denied' "${net[@]}" --out outs/closed
    judged 0 2 'Permission denied' "${net[@]}" --out outs/closed/below
    rmdir outs/closed
    as=()
fi

# The log of another program.
mkdir outs/foreign
echo 'my,own,numbers' >outs/foreign/log.csv
judged 0 2 'outs/foreign/log.csv' "${net[@]}" --out outs/foreign
rm -r outs/foreign

# --- from which checkpoint
judged 0 2 'No such file' "${net[@]}" --resume nowhere.safetensors --out outs/new
cp "$(newest outs/whole)" other.safetensors
judged 0 2 'generator.learning_rate' "${net[@]}" --resume other.safetensors --set generator.learning_rate=0.1 --out outs/new
judged 0 2 'train.batch' "${net[@]}" --resume other.safetensors --batch 8 --out outs/new
judged 2 2 'train.seed' "${net[@]}" --resume other.safetensors --seed 8 --out outs/new
judged 0 2 'holds other checkpoints' "${net[@]}" --resume other.safetensors --out outs/whole
judged 0 2 '--resume never' "${net[@]}" --resume never --out outs/whole
judged 2 2 'train.seed' "${net[@]}" --seed 9 --out outs/whole
head -c 5000 other.safetensors >torn.safetensors
judged 0 1 torn.safetensors "${net[@]}" --resume torn.safetensors --out outs/new
judged 0 1 net.ini "${net[@]}" --resume net.ini --out outs/new
mkdir folder.safetensors
judged 0 2 folder.safetensors "${net[@]}" --resume folder.safetensors --out outs/new
cp -r outs/whole outs/torn
cp torn.safetensors "$(newest outs/torn)"
judged 0 1 'none of the 1 checkpoints is whole' "${net[@]}" --out outs/torn
rm -r outs/torn

# --- in use
start 0 "${net[@]}" --out outs/used --steps 100000000 --log-every 1000000
first=$started
wait_until "a running run" grep -qs '"running"' outs/used/status.json
for word in check train; do
    set_command 0 "$word" "${net[@]}" --out outs/used
    start_command "$temp/$word.out" "$temp/$word.err"
    wait_for_end
    [ "$status" -eq 2 ] || fail "$word: exit status $status, not 2, in a folder in use"
done
says check.err 'in use by another run'
same check.err train.err
started=$first
kill -TERM "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "the run at which check looked: exit status $status"

# --- what train would take, check takes, and leaves no trace of it
ready() {
    local before
    before=$(look)
    train 0 check "$@"
    [ "$(tail -n 1 out)" = ready ] || fail "not ready: $*"
    [ "$(look)" = "$before" ] || fail "check leaves something behind: $(diff <(echo "$before") <(look))"
}
ready "${net[@]}" --out outs/new
ready "${net[@]}" --out outs/new/below//deep/
ready "${net[@]}" --out outs/new/../below
ready "${net[@]}" --out outs/used
says out 'goes on    from outs/used/checkpoints/step-'
ready "${net[@]}" --out outs/new --resume other.safetensors
mkdir outs/mine
ready "${net[@]}" --out outs/mine
train 2 check "${net[@]}" --out outs/new
[ ! -e outs/new ] || fail "check on two ranks leaves its folder"

# --- of 100,000 pictures it looks at the names alone
mkdir many
(cd many && seq -f %06.0f.jpg 100000 | xargs touch)
before=$SECONDS
TIMEFORMAT='%U %S'
{ time "$gan" check "${net[@]}" --data many --out outs/new --batch 64 >out 2>err || status=$?; } 2>cpu_seconds
took=$((SECONDS - before))
[ "$status" -eq 0 ] && [ "$(tail -n 1 out)" = ready ] || fail "not ready for 100,000 files"
says out '100000 pictures by their names, not decoded'
read -r user system <cpu_seconds
echo "100,000 names: $user s of user time, $system s of system time, $took s"
awk -v seconds="$user $system" 'BEGIN { split(seconds, t, " "); exit !(t[1] + t[2] < 10) }' || fail "$user + $system s for 100,000 names"
mkdir kinds
mv many kinds/a
mkdir kinds/b kinds/c
ready --config net3.ini --data kinds --set data.labels=folders --out outs/new
says out 'classes      3: 0 a (100000), 1 b (0), 2 c (0)'
