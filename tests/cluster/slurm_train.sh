#!/usr/bin/env bash
# slurm_train.sh PROGRAM: sbatch launch/slurm.sbatch on two nodes computes the bytes of one host, called in the checkout or elsewhere.
# shellcheck source=tests/cluster/two_nodes.sh
. "$(dirname "${BASH_SOURCE[0]}")/two_nodes.sh"
need_two_nodes
two_nodes_up
write_config net.ini
words=(--config "$temp/net.ini" --out "$temp/run")
train 2 --config net.ini --out alone

submit slurm.sbatch -- "${words[@]}"
ends COMPLETED 0
says out '2 on 2 hosts'
same_run alone run

rm -r run
unset GAN_ROOT
(cd "$gan_root" && submit slurm.sbatch -- "${words[@]}" && ends COMPLETED 0)
same_run alone run

submit slurm.sbatch -- "${words[@]}"
ends FAILED 2
says out "no launch/common.sh in $temp" 'GAN_ROOT='
