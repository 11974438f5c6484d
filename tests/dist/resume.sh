#!/usr/bin/env bash
# resume.sh PROGRAM: 10 steps and 10 more are 20 steps, on any number of ranks; what is not the same run is refused, and the
# folder stays as it was.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
write_config net.ini

train 2 --config net.ini --out whole --steps 20

# go_on NAME RANKS RANKS THREADS
go_on() {
    train "$2" --config net.ini --out "$1" --steps 10
    train "$3" --config net.ini --out "$1" --steps 20 --threads "$4"
    says out "resuming from $1/checkpoints/step-00000010.safetensors (step 10)"
    same_run whole "$1"
}
go_on same 2 2 1
go_on more 2 4 1
go_on fewer 8 1 1
go_on threads 1 0 2

# Three ranks: 16 pictures cannot be shared; 24 can, but then the parts are others.
train 1 --config net.ini --out three --steps 10
before=$(snapshot three)
refuses 2 3 'batch of 16' '3 ranks' -- --config net.ini --out three --steps 20
unchanged three "$before"
train 1 --config net.ini --batch 24 --out three24 --steps 10
before=$(snapshot three24)
refuses 2 3 train.shards 8 3 step-00000010 -- --config net.ini --batch 24 --out three24 --steps 20
unchanged three24 "$before"

# In the middle of an epoch and of the cadences, from checkpoints by count; a step at a time.
for steps in 3 4 7 13 20; do
    train 2 --config net.ini --out pieces --steps "$steps" --keep 2
done
losses pieces >a.losses
losses whole >b.losses
same a.losses b.losses
same "$(newest pieces)" "$(newest whole)"

# The newest checkpoint is torn: the one before is used, and that is said.
train 2 --config net.ini --out torn --steps 15 --checkpoint-every 5
truncate -s -1000 torn/checkpoints/step-00000015.safetensors
train 2 --config net.ini --out torn --steps 20
says err 'warning: passed over torn/checkpoints/step-00000015.safetensors'
says out 'resuming from torn/checkpoints/step-00000010.safetensors (step 10)'
same_run whole torn
# A byte in the middle of the newest is wrong.
train 2 --config net.ini --out flipped --steps 15 --checkpoint-every 5
printf '\377\377\377\377' |
    dd of=flipped/checkpoints/step-00000015.safetensors bs=1 seek=40000 conv=notrunc status=none
train 0 --config net.ini --out flipped --steps 20
says err 'passed over flipped/checkpoints/step-00000015.safetensors'
same_run whole flipped
# None is whole: nothing is guessed.
train 2 --config net.ini --out broken --steps 5 --checkpoint-every 5
truncate -s 5000 broken/checkpoints/step-00000005.safetensors
before=$(snapshot broken)
refuses 1 2 step-00000005.safetensors -- --config net.ini --out broken --steps 20
unchanged broken "$before"

# Another configuration, data set or network; each in a folder that must not change.
train 2 --config net.ini --out run --steps 10
before=$(snapshot run)
refused 2 train.seed 1 99 step-00000010 -- --config net.ini --out run --seed 99
refused 2 generator.learning_rate 0.0002 0.5 train.batch 16 32 -- --config net.ini --out run --batch 32 --set generator.learning_rate=0.5
refused 2 'other pictures' faces:81 fingerprint -- --config net.ini --out run --data faces:81
refused 2 discriminator.layers -- --config net.ini --out run --set 'discriminator.layers=conv 4 s2 8 lrelu | dense 1'
refused 2 '--resume never' 'holds checkpoints' -- --config net.ini --out run --resume never
refused 2 'holds other checkpoints' -- --config net.ini --out run --resume "$(newest whole)"
refused 2 nowhere.safetensors -- --config net.ini --out fresh --resume nowhere.safetensors
refused 2 discriminator.layers -- --config net.ini --out fresh --resume "$(newest run)" \
    --set 'discriminator.layers=conv 4 s2 8 lrelu | dense 1'
unchanged run "$before"
[ -z "$(newest fresh)" ] && [ ! -e fresh/log.csv ] || fail "a refused run has left results"

# From a file of another folder, and anew.
train 2 --config net.ini --out from-file --steps 20 --resume "$(newest run)"
same "$(newest from-file)" "$(newest whole)"
unchanged run "$before"
train 2 --config net.ini --out anew --steps 20 --resume never
same_run whole anew
