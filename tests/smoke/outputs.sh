#!/usr/bin/env bash
# outputs.sh PROGRAM: what a run leaves behind: grids, log, status, configuration, checkpoints, lines on the console.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

train 2 --config net.ini --out a --steps 12 --log-every 3 --checkpoint-every 2 --keep 3
cp out a.out
[ ! -s err ] || fail "something on standard error"

# 10 pictures of 16x16: 4 x 4 places.
for step in 00 05 10 12; do
    png_is "a/samples/step-000000$step.png" 64 64
done
png_is a/samples/reals.png 64 64
[ "$(find a/samples -type f | wc -l)" -eq 5 ] || fail "$(ls a/samples): not 5 files"

[ "$(head -n 1 a/log.csv)" = step,epoch,d_loss,g_loss,d_loss_real,d_loss_fake,d_real,d_fake,images_per_second,seconds,seconds_left ] ||
    fail "the header of log.csv"
[ "$(cut -d, -f1 a/log.csv | tail -n +2 | paste -sd' ')" = '3 6 9 12' ] || fail "log.csv has other steps"
awk -F, 'NF != 11 { exit 1 } NR > 1 && ($3 <= 0 || $4 <= 0 || $7 <= 0 || $7 >= 1 || $8 <= 0 || $8 >= 1 || $9 <= 0) { exit 1 }' \
    a/log.csv || fail "log.csv holds an impossible number"
awk -F, 'NR > 1 && ($3 - $5 - $6 > 1e-5 || $5 + $6 - $3 > 1e-5 || $2 != $1 / 5) { exit 1 }' a/log.csv ||
    fail "log.csv: D's loss is not real + fake, or the epoch is not step / 5"

# Plain lines, one a logged step, each with all that it should say.
if grep -n '[[:cntrl:]]' a.out; then fail "control characters on the console"; fi
[ "$(grep -c '^epoch ' a.out)" -eq 4 ] || fail "not a line for each logged step"
[ "$(grep -cE '^epoch [0-9.]+ +step [0-9]+/12 +D [0-9.]+ +G [0-9.]+ +D\(x\) [0-9.]+ +D\(G\(z\)\) [0-9.]+ +[0-9.]+ images/s +[0-9:]+ left$' a.out)" -eq 4 ] ||
    fail "a line of the console lacks something"
says a.out a/samples a/log.csv a/checkpoints/step-00000012.safetensors

says a/status.json '"state":' '"done"' '"step":' '12' 'step-00000012.safetensors'
[ "$(ls a/checkpoints)" = $'step-00000008.safetensors\nstep-00000010.safetensors\nstep-00000012.safetensors' ] ||
    fail "$(ls a/checkpoints): not the newest 3"
[ -z "$(find a -name '*.tmp')" ] || fail "a temporary file is left"

# A checkpoint at the end, whatever the cadence; the saved configuration gives the same run.
train 0 --config a/config.ini --out b --checkpoint-every 0
[ "$(ls b/checkpoints)" = step-00000012.safetensors ] || fail "$(ls b/checkpoints): not the last step alone"
same_run a b

# Looking at the generator changes nothing.
train 0 --config a/config.ini --out c --sample-every 1
same "$(newest a)" "$(newest c)"
[ "$(find c/samples -name 'step-*' | wc -l)" -eq 13 ] || fail "not a grid for each step"
train 0 --config a/config.ini --out d --sample-every 0
same "$(newest a)" "$(newest d)"
[ "$(ls d/samples)" = reals.png ] || fail "grids that nobody asked for"

# Done is done: the same command again finds nothing to do.
before=$(snapshot a | grep -v status.json)
train 2 --config net.ini --out a --steps 12 --log-every 3 --checkpoint-every 2 --keep 3
says out 'already at step 12 of 12'
[ "$(snapshot a | grep -v status.json)" = "$before" ] || fail "a finished run was written to"

# Epochs instead of steps: 80 pictures are 5 steps.
train 0 --config net.ini --out e --epochs 2
[ -f e/checkpoints/step-00000010.safetensors ] || fail "2 epochs are not 10 steps"

# Without --out: runs/PRESET; options before the word train are not needed.
mkdir elsewhere && cd elsewhere
run 0 train --preset quickstart --data faces:64 --steps 1 --sample-every 0
cd ..
[ "$status" -eq 0 ] && [ -f elsewhere/runs/quickstart/checkpoints/step-00000001.safetensors ] ||
    fail "runs/quickstart is not the folder"
