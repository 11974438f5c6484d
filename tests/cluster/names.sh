#!/usr/bin/env bash
# names.sh PROGRAM: Open MPI tells hosts apart by their short names. Hosts that share only that run all the same; hosts of one
# name are refused.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
write_config net.ini

host_name=([head]=head [a]=node.left [b]=node.right)
two_hosts_up
train 0 --config net.ini --out alone --steps 5
train 4 --config net.ini --out full --steps 5
says out 'ranks        4 on 2 hosts'
same_run alone full
# By mpirun alone, which is told nothing.
OMPI_MCA_orte_keep_fqdn_hostnames=0 refuses 2 4 'ranks 0 and 2' "both called 'node'" launch/hosts.sh -- --config net.ini --out no
two_hosts_down

host_name=([head]=head [a]=node [b]=node)
two_hosts_up
refuses 2 4 'ranks 0 and 2' "both called 'node'" 'different names' -- --config net.ini --out no
[ ! -e no ] || fail "a folder in spite of the refusal"
