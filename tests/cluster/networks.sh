#!/usr/bin/env bash
# networks.sh PROGRAM: hosts with more networks than the one on which they meet. A container engine's has the same address on both;
# Open MPI alone would call that address, reach itself, and wait. hosts.sh takes the network of the host file's addresses.
# shellcheck source=tests/cluster/runs.sh
. "$(dirname "${BASH_SOURCE[0]}")/runs.sh"
need_two_hosts
two_hosts_up
write_config net.ini
words=(--config net.ini --steps 5)

train 0 "${words[@]}" --out alone
for host in a b; do
    in_host "$host" ip link add docker0 type bridge
    in_host "$host" ip address add 172.17.0.1/16 dev docker0
    in_host "$host" ip link set docker0 up
done
train 2 "${words[@]}" --out chosen
same_run alone chosen
GAN_INTERFACE=eth0 train 2 "${words[@]}" --out named
same_run alone named

# Host names instead of addresses.
printf '%s slots=1\n' hosta hostb >hosts.txt
GAN_DIST=$gan in_host a "$gan_root/launch/hosts.sh" hosts.txt "${words[@]}" --out names >out 2>err || fail "with names: exit status $?"
same_run alone names

# All networks, as Open MPI would have it: it waits, but not in silence. Before the configuration is read, that is after 30 s.
GAN_INTERFACE=0.0.0.0/0 start 2 "${words[@]}" --out no
wait_until "a warning" grep -q 'waiting for 30 s .*btl_tcp_if_include' err
