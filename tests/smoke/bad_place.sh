#!/usr/bin/env bash
# bad_place.sh PROGRAM: an output folder that is taken or cannot be written, copies that do not know of each other, a run that
# fails on the way.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

# In use.
start 2 --config net.ini --out run --steps 100000000 --log-every 1000000 --sample-every 0
first=$started
running() {
    grep -q '"running"' run/status.json
}
wait_until "a running run" running
for ranks in 0 2; do
    set_command "$ranks" --config net.ini --out run --steps 5
    start_command second.out second.err
    wait_for_end
    [ "$status" -eq 2 ] || fail "exit status $status, not 2, in a folder in use"
    [ "$(grep -c '^gan_dist: run: in use by another run (host .*, pid [0-9]*)' second.err)" -eq 1 ] ||
        fail "$(cat second.err): who uses the folder?"
done
[ ! -e run/samples/step-00000005.png ] && [ ! -e run/checkpoints/step-00000005.safetensors ] || fail "two runs in one folder"
running || fail "the first run's status was changed"
kill -USR1 "$first"
started=$first
wait_for_end
[ "$status" -eq 75 ] || fail "the first run ended with $status"
# The lock goes with its holder.
stopped=$(sed -n 's/.*"step":[^0-9]*\([0-9]*\).*/\1/p' run/status.json)
train 0 --config net.ini --out run --steps "$stopped"

# A file where the folder should be.
echo precious >file
refused 2 file 'in the way' -- --config net.ini --out file
refused 2 file -- --config net.ini --out file/below
[ "$(cat file)" = precious ] || fail "the file was written to"
mkdir half
echo precious >half/checkpoints
refused 2 half/checkpoints -- --config net.ini --out half
[ "$(cat half/checkpoints)" = precious ] || fail "the file was written to"
# A log that is not ours.
mkdir strange
echo 'my,own,numbers' >strange/log.csv
refused 2 strange/log.csv -- --config net.ini --out strange
[ "$(cat strange/log.csv)" = my,own,numbers ] || fail "the log was written to"
if [ "$(id -u)" -ne 0 ]; then
    mkdir -m 555 closed
    refused 2 closed -- --config net.ini --out closed
fi

# Copies that do not know of each other would each be rank 0: the first copy says so and fails, the others do nothing, in silence.
words=(--config net.ini --out alone --steps 1)
SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_PROCID=0 refuses 2 0 SLURM_NTASKS '2 copies' srun mpirun -- "${words[@]}"
OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 refuses 2 0 OMPI_COMM_WORLD_SIZE '2 copies' -- "${words[@]}"
SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_PROCID=1 run 0 "${words[@]}"
[ "$status" -eq 0 ] && [ ! -s out ] && [ ! -s err ] || fail "the second copy: exit status $status"
[ ! -e alone ] || fail "a run in spite of the refusal"
SLURM_STEP_ID=0 SLURM_NTASKS=2 train 1 "${words[@]}"

# The losses leave the numbers: all ranks see it, one says it.
deep='dense 8 | dense 8 | dense 8 | dense 8 | dense 8 | dense 8 | dense 8 | dense 8'
refused 1 'not a number' step learning_rate -- --config net.ini --out diverged --sample-every 0 \
    --set "discriminator.layers=$deep | $deep | dense 1" --set 'discriminator.init_dense=normal 1000'
says diverged/status.json '"failed"' 'not a number'

# The place for checkpoints goes away while training goes on: told, and tried again at the next turn. Only the last one must
# be saved.
keep_training=(--config net.ini --out lost --steps 100000000 --log-every 1000000 --sample-every 0 --checkpoint-every 50)
has_checkpoint() {
    [ -n "$(newest lost)" ]
}
has_warned() {
    grep -q '^warning: lost/checkpoints/step-.*: cannot write: .*; training goes on, saving is tried again' err
}
start 2 "${keep_training[@]}"
wait_until "a checkpoint" has_checkpoint
mv lost/checkpoints lost/moved
wait_until "a warning" has_warned
mkdir lost/checkpoints
wait_until "a checkpoint after the warning" has_checkpoint
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status, not 75"

start 2 "${keep_training[@]}"
wait_until "the start" grep -q '"running"' lost/status.json
rm -r lost/moved
mv lost/checkpoints lost/moved
wait_until "a warning" has_warned
kill -USR1 "$started"
wait_for_end
[ "$status" -eq 1 ] || fail "exit status $status, not 1, without a place for the last checkpoint"
said_once
grep -q '^gan_dist: lost/checkpoints/step-' err || fail "nothing says which file cannot be written"
wait_until "the end of all ranks" nobody_left
says lost/status.json '"failed"'
