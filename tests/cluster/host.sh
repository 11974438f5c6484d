#!/usr/bin/env bash
# host.sh PID-FILE NAME HOSTS-FILE FOLDERS...: the first process of a host (two_hosts.sh), in namespaces of its own. Gives it its
# name, an own /tmp, /run and /dev/shm, and HOSTS-FILE as /etc/hosts; FOLDERS below /tmp stay visible. Then says its number.
set -euo pipefail
pid_file=$1
hosts_file=$3
# As the machine numbers it: this is still the machine's /proc.
read -r pid _ </proc/self/stat

hostname "$2"
shift 3
ip link set lo up
mount --make-rprivate /
mount --bind "$hosts_file" /etc/hosts
mount --rbind /tmp /mnt
mount -t tmpfs none /tmp
for folder; do
    [[ $folder == /tmp/* ]] || continue
    mkdir -p "$folder"
    mount --rbind "/mnt${folder#/tmp}" "$folder"
done
umount --lazy /mnt
mount -t tmpfs none /dev/shm
mount -t tmpfs none /run
mkdir /run/sshd
mount -t proc proc /proc
# With the first process all others of the host end. It must be one that collects what those leave behind, so not exec.
trap 'exit 0' TERM
echo "$pid" >"$pid_file"
sleep infinity &
wait
