#!/usr/bin/env bash
# bad_options.sh PROGRAM: misspelt words name the nearest one, values out of range say what is possible; nothing is made.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
write_config net.ini

refuses 2 0 trian train -- trian --config net.ini --out run
refuses 2 0 --bacth --batch -- --config net.ini --out run --bacth 16
refused 2 train.bacth train.batch -- --config net.ini --out run --set train.bacth=16
refused 2 qiuckstart quickstart -- --preset qiuckstart --out run
refused 2 generator.layers danse dense -- --config net.ini --out run --set 'generator.layers=danse 4x4x16'
refused 2 discriminator.layers lrelo lrelu -- --config net.ini --out run --set 'discriminator.layers=conv 4 s2 8 lrelo | dense 1'
refused 2 backend cpuu cpu -- --config net.ini --out run --backend cpuu
refused 2 backend gpu 'did you mean cuda?' 'there are auto, cpu' -- --config net.ini --out run --backend gpu
refused 2 generator.lr generator.learning_rate -- --config net.ini --out run --set generator.lr=0.1
refused 2 --batch-size '--batch B' -- --config net.ini --out run --batch-size 16
refused 2 -np 'goes before the program: mpirun -np N gan_dist' -- -np 4 --config net.ini --out run
refused 2 -n 'mpirun -n N gan_dist' -- train -n 2 --config net.ini --out run
refused 2 --batch "'0'" '1 to' -- --config net.ini --out run --batch 0
refused 2 train.bn golbal 'global, shard' -- --config net.ini --out run --set train.bn=golbal

# The rank that says why may be the last to start; nobody may end the job before it has.
cat >late.sh <<'END'
[ "$OMPI_COMM_WORLD_RANK" -ne 0 ] || sleep 0.5
exec "$@"
END
# A copy that no launcher of this MPI has started: it finds no other.
cat >lost.sh <<'END'
unset $(env | grep -oE '^(PMIX|OMPI_MCA|ORTE)_[^=]*')
exec bash late.sh "$@"
END
refused_late() {
    local script=$1 text=$2
    shift 2
    command=(mpirun --oversubscribe --bind-to none -np 2 bash "$script" "$gan" "$@")
    start_command out err
    wait_for_end
    [ "$status" -eq 2 ] || fail "exit status $status, not 2, of: ${command[*]}"
    said_once
    says err "$text"
}
refused_late late.sh trian trian --config net.ini
refused_late late.sh --bacth --config net.ini --bacth 16
refused_late lost.sh 'MPI connects only this one' --config net.ini --out run

# The rest alone: they end at the same place.
refuses 2 0 --batch 12x -- --config net.ini --out run --batch 12x
refuses 2 0 --batch 99999999999999999999 -- --config net.ini --out run --batch 99999999999999999999
refuses 2 0 --steps -3 -- --config net.ini --out run --steps=-3
refuses 2 0 --steps 'needs a value' -- --config net.ini --out run --steps
refuses 2 0 --preset 'is empty' -- --preset= --out run
refuses 2 0 --hostfile 'mpirun -np N --hostfile FILE gan_dist' -- --config net.ini --out run --hostfile hosts
refuses 2 0 --lr '--set generator.learning_rate' -- --config net.ini --out run --lr 0.1
refuses 2 0 --num-gpus 'mpirun -np N' -- --config net.ini --out run --num-gpus 2
refuses 2 0 stall_warning stall_timeout -- --config net.ini --out run --stall-timeout 10s --stall-warning 30s
refuses 2 0 --keep '1 to' -- --config net.ini --out run --keep 0
refuses 2 0 --checkpoint-every 5m -- --config net.ini --out run --checkpoint-every 5m
refuses 2 0 generator.learning_rate fast -- --config net.ini --out run --set generator.learning_rate=fast
refuses 2 0 stray -- --config net.ini --out run stray
refuses 2 0 train.order Q -- --config net.ini --out run --set 'train.order=z D Q'
refuses 2 0 train.loss bcc -- --config net.ini --out run --set train.loss=bcc
refuses 2 0 shards 16 -- --config net.ini --out run --shards 7
refuses 2 0 nowhere.ini 'No such file' -- --config nowhere.ini --out run
refuses 2 0 generator.layers data.channels -- --config net.ini --out run --set data.channels=3

# In a file: its name and line.
{
    cat net.ini
    echo 'thraeds = 1'
} >wrong.ini
refused 2 "wrong.ini:$(wc -l <wrong.ini)" thraeds threads -- --config wrong.ini --out run
sed 's/^\[data\]/[dta]/' net.ini >wrong.ini
refuses 2 0 "wrong.ini:" dta data -- --config wrong.ini --out run
sed 's/^batch.*/&\nbatch = 8/' net.ini >wrong.ini
refuses 2 0 "wrong.ini:" batch -- --config wrong.ini --out run

[ ! -e run ] && [ ! -e runs ] || fail "a folder in spite of the refusals"
